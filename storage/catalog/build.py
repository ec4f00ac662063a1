#!/usr/bin/env python3
"""Builds actors.ndjson; see README.md beside this file.

usage: build.py COUNTRIES.json[.xz] UCDP_GED.csv[.xz]...

An offline tool: nothing of annals runs it. Needs only Python 3 and ../gazetteer/regions.ndjson.xz.
"""
import collections
import csv
import json
import lzma
import os
import re
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))

# Natural Earth calls these countries, not sovereign ones, or leaves out their ISO codes.
MORE_STATES = {"AUS": "AU", "CHN": "CN", "DNK": "DK", "FIN": "FI", "FRA": "FR", "GBR": "GB",
               "ISR": "IL", "NLD": "NL", "NZL": "NZ", "USA": "US", "NOR": "NO", "PSX": "PS",
               "KOS": "XK", "TWN": "TW", "TUV": "TV"}
ISO_A3 = {"PSX": "pse", "KOS": "xkx", "SDS": "ssd", "SOL": None, "CYN": None}
# What UCDP calls governments, where the gazetteer knows another name.
UCDP_STATES = {"Bosnia-Herzegovina": "bih", "Ivory Coast": "civ", "DR Congo": "cod",
               "Myanmar": "mmr",
               "Yemen": "yem", "Serbia": "srb", "Cambodia": "khm", "Russia": "rus"}


def opened(path):
    return lzma.open(path, "rt", encoding="utf-8-sig", newline="") if path.endswith(".xz") else \
        open(path, encoding="utf-8-sig", newline="")


def split(text):
    return [part for part in text.split("|") if part]


def fold(text):
    text = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in text if not unicodedata.combining(c)).lower()
    return re.sub("[^0-9a-z]+", "-", bare).strip("-")


class Actor:
    def __init__(self, id, kind, title, country="", parents=()):
        self.id, self.kind, self.title = id, kind, title
        self.country, self.parents = country, parents
        self.aliases, self.ucdp = [], []

    def alias(self, language, *texts):
        for text in texts:
            known = text == self.title or (language, text) in self.aliases
            if text and not known:
                self.aliases.append((language, text))
        return self

    def line(self):
        message = {"name": "actors/" + self.id, "title": self.title,
                   "aliases": [dict(([("languageCode", l)] if l else []) + [("text", t)])
                               for l, t in self.aliases],
                   "kind": "ACTOR_KIND_" + self.kind,
                   "parents": [{"parent": "actors/" + p} for p in self.parents],
                   "country": "regions/" + self.country if self.country else "",
                   "externalIds": [{"taxonomy": "ucdp:actor", "value": v}
                                   for v in sorted(self.ucdp, key=int)]}
        return json.dumps({k: v for k, v in message.items() if v}, ensure_ascii=False,
                          separators=(",", ":"))


def read_regions():
    path = os.path.join(HERE, "..", "gazetteer", "regions.ndjson.xz")
    with lzma.open(path, "rt", encoding="utf-8") as file:
        regions = [json.loads(line) for line in file]
    return {r["code"]: r for r in regions if r["level"] == 1}


def read_states(path, countries):
    """Alpha-2 code -> id of each state."""
    states = {"TV": "tuv"}
    with opened(path) as file:
        for feature in json.load(file)["features"]:
            p = feature["properties"]
            a3 = ISO_A3.get(p["ADM0_A3"], p["ADM0_A3"].lower())
            code = MORE_STATES.get(p["ADM0_A3"], p["ISO_A2"])
            sovereign = p["TYPE"] == "Sovereign country" or p["ADM0_A3"] in MORE_STATES
            if a3 and code in countries and sovereign:
                states[code] = a3
    return states


def state_actors(countries, states):
    for code, id in sorted(states.items()):
        region = countries[code]
        title = region["title"]
        state = Actor(id, "STATE", title, code)
        for name in region["names"]:
            state.alias(name["language"], name["text"])
        state.alias("en", "Government of " + title)
        yield state
        army = Actor(id + "-army", "STATE_FORCE", "Armed Forces of " + title, code, [id])
        yield army.alias("en", "Military of " + title)


def party_actors():
    with open(os.path.join(HERE, "parties.tsv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            actor = Actor(row["id"], row["kind"], row["title"], row["country"],
                          split(row["parents"]))
            for language in ("en", "ru", "uk"):
                actor.alias(language, *split(row[language]))
            actor.ucdp = split(row["ucdp"])
            yield actor


def read_ucdp(paths):
    """Id -> (names by how often they occur, kinds of violence by side)."""
    names, roles = collections.defaultdict(collections.Counter), collections.defaultdict(set)
    for path in paths:
        with opened(path) as file:
            for row in csv.DictReader(file):
                for side in "ab":
                    id, name = row["side_%s_new_id" % side].strip(), row["side_" + side].strip()
                    if re.fullmatch(r"\d+(\.0+)?", id) and name:
                        id = str(int(float(id)))
                        names[id][name] += 1
                        roles[id].add((row["type_of_violence"].strip().split(".")[0], side))
    return {id: (counter, roles[id]) for id, counter in names.items()}


def ucdp_kind(names, roles):
    if any(name.startswith(("XXX", "Government of")) for name in names):
        return "OTHER"  # an unknown party, or several governments together
    return "REBEL_GROUP" if ("1", "b") in roles or ("1", "a") in roles else "MILITIA"


def add_ucdp(actors, ucdp):
    taken = {value: actor for actor in actors.values() for value in actor.ucdp}
    by_title = {fold(actor.title): actor for actor in actors.values() if actor.kind == "STATE"}
    for actor in [a for a in actors.values() if a.kind == "STATE"]:
        for language, text in actor.aliases:
            by_title.setdefault(fold(text), actor)
    for id, (names, roles) in sorted(ucdp.items(), key=lambda item: int(item[0])):
        title = names.most_common(1)[0][0]
        state = re.fullmatch(r"Government of ([^,(]+?)(?: \(.*\))?", title)
        if id not in taken and state:
            known = UCDP_STATES.get(state.group(1))
            actor = actors[known] if known else by_title.get(fold(state.group(1)))
            if actor is None:
                raise SystemExit("no state for " + title)
            actor.ucdp.append(id)
            taken[id] = actor
        if id not in taken:
            slug = fold(title)[:45].strip("-")
            name = "-".join(filter(None, ["ucdp", slug, id]))
            actor = Actor(name, ucdp_kind(names, roles), title)
            actor.ucdp.append(id)
            actors[actor.id] = taken[id] = actor
        taken[id].alias("en", *sorted(names))


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    countries = read_regions()
    states = read_states(sys.argv[1], countries)
    actors = {actor.id: actor for actor in state_actors(countries, states)}
    for actor in party_actors():  # in place of what was generated
        actors[actor.id] = actor
    add_ucdp(actors, read_ucdp(sys.argv[2:]))
    missing = {p for a in actors.values() for p in a.parents if p not in actors}
    if missing or not all(re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", id) for id in actors):
        raise SystemExit("bad ids or parents: %s" % missing)
    with open(os.path.join(HERE, "actors.ndjson"), "w", encoding="utf-8") as file:
        for id in sorted(actors):
            file.write(actors[id].line() + "\n")
    print("%d actors, %d states" % (len(actors), len(states)))


if __name__ == "__main__":
    main()
