#!/usr/bin/env python3
"""Which events a UCDP event file stands for, and what a new release corrects: read from the columns
alone, as clients/import/README.md documents them. Shares no code with the importer.

  ucdp_release_events.py FILE.csv[.xz|.gz]            each row's event in protobuf JSON, one a line
  ucdp_release_events.py OLD.csv[.xz|.gz] NEW.csv…    how many kept events differ in which field
"""

import collections
import datetime
import json
import pathlib
import re
import sys

import ucdp_release_diff
from ucdp_release_diff import identifier, read_rows

ACTORS = pathlib.Path(__file__).parents[2] / "storage" / "catalog" / "actors.ndjson"
UKRAINE = "369"
# First-level regions as UCDP spells those of Ukraine in the releases at hand.
REGIONS = {
    "autonomous republic of crimea": "UA-43", "dnipropetrovsk oblast": "UA-12",
    "donetsk oblast": "UA-14", "luhansk oblast": "UA-09", "odessa oblast": "UA-51"}
KINDS = {"1": "BATTLE", "2": "BATTLE", "3": "VIOLENCE_AGAINST_CIVILIANS"}
PLACES = {"1": "EXACT", "2": "NEAR", "3": "SECOND_LEVEL_REGION", "4": "FIRST_LEVEL_REGION",
          "5": "LINEAR_OR_FUZZY", "6": "COUNTRY", "7": "INTERNATIONAL"}
RADII_M = {"2": 25_000, "5": 100_000, "7": 300_000}
CODES = {"relid": "relid", "code_status": "code_status", "type_of_violence": "type_of_violence",
         "conflict": "conflict_new_id", "dyad": "dyad_new_id", "side_a": "side_a_new_id",
         "side_b": "side_b_new_id", "country": "country_id", "event_clarity": "event_clarity",
         "where_prec": "where_prec", "date_prec": "date_prec"}
SIDES = {"deaths_a": "side A", "deaths_b": "side B", "deaths_civilians": "civilians",
         "deaths_unknown": "unknown"}
REPORTS_MAX = 198
FIRST_YEAR = 1900  # Earlier dates, such as 1753-01-01, are none.
# Told as a whole, not field by field.
WHOLE = {"location.point"}
# What the service adds; a row says nothing of it.
ADDED = {"licence", "createTime", "updateTime", "revision", "state", "etag", "retractionReason",
         "verification"}
ADDED_PLACES = {"resolvedRegion", "pointRegion"}


def one_line(text):
    return re.sub("[\0-\x20\x7f\x85\u2028\u2029]+", " ", text).strip(" ")


def lines(text):
    text = re.sub("\r\n?", "\n", text.strip(" \t\r\n"))
    return re.sub("[\0-\x09\x0b-\x1f\x7f\x85\u2028\u2029]", " ", text)


def shortened(text, characters):
    return text if len(text) <= characters else text[:characters - 1] + "…"


def count(cell):
    value = ucdp_release_diff.count(cell)
    return None if value is None else int(value)


def instant(day):
    return f"{day.isoformat()}T00:00:00Z"


def present(**fields):
    """The fields that say something, as protobuf JSON leaves the others out."""
    return {name: value for name, value in fields.items() if value not in ("", None, [], {})}


def counts(**bounds):
    return {bound: str(value) for bound, value in bounds.items() if value is not None}


def actors():
    """UCDP id -> name of the catalogued actor."""
    with open(ACTORS, encoding="utf-8") as file:
        catalogued = [json.loads(line) for line in file]
    return {identity["value"]: actor["name"] for actor in catalogued
            for identity in actor.get("externalIds", ()) if identity["taxonomy"] == "ucdp:actor"}


def occurred(row):
    start, last = (ucdp_release_diff.day(row[column]) for column in ("date_start", "date_end"))
    end = last + datetime.timedelta(days=1)
    one_year = (start.month, start.day) == (1, 1) and end == start.replace(year=start.year + 1)
    precision = {"1": "DAY" if start == last else "RANGE", "2": "RANGE", "3": "WEEK",
                 "4": "MONTH", "5": "YEAR" if one_year else "RANGE"}[row["date_prec"]]
    return {"start": instant(start), "end": instant(end),
            "precision": "TIME_PRECISION_" + precision}


def location(row):
    precision = row["where_prec"]
    region = None
    if row["country_id"] == UKRAINE and precision != "7":
        region = "UA" if precision == "6" else REGIONS.get(one_line(row["adm_1"]).lower())
    region = region and f"regions/{region}"
    point = row["latitude"] and {"latitude": float(row["latitude"]),
                                 "longitude": float(row["longitude"])}
    return present(
        point=point, radiusM=RADII_M.get(precision) if point else None,
        areaRegion=region if precision in "346" else None,
        precision="PLACE_PRECISION_" + PLACES[precision],
        placeName=shortened(one_line(row["where_coordinates"]), 300), region=region)


def deaths(row):
    """The range, and the figures as given where they contradict each other."""
    given = {bound: count(row[bound]) for bound in ("low", "best", "high")}
    known = [value for value in given.values() if value is not None]
    hull = dict(given)
    if given["low"] is not None:
        hull["low"] = min(known)
    if given["high"] is not None:
        hull["high"] = max(known)
    return hull, given if hull != given else {}


def deaths_in_words(low, best, high):
    def told(value):
        return f"{value} death{'' if str(value) == '1' else 's'}"

    if low is best is high is None:
        return "deaths unknown"
    if best is not None:
        low, high = (best if bound is None else bound for bound in (low, high))
        return told(best) if low == high else f"{told(best)} ({low}–{high})"
    if high is None:
        return "at least " + told(low)
    if low is None:
        return "at most " + told(high)
    return told(low) if low == high else f"{low}–{told(high)}"


def title(row, hull):
    place = next(filter(None, (one_line(row[column]) for column in
                               ("where_coordinates", "adm_1", "country"))), "")
    if place:
        where = {"1": "at", "2": "near"}.get(row["where_prec"], "in")
        place = f" {where} {shortened(place, 60)}"
    what = "violence against civilians" if row["type_of_violence"] == "3" else "clash"
    sides = " – ".join(shortened(one_line(row[side]), 90) for side in ("side_a", "side_b"))
    return f"{sides}: {what}{place}, {deaths_in_words(**hull)}"


def description(row):
    parts = [lines(row["source_headline"])]
    for heading, column in (("Place", "where_description"), ("Conflict", "conflict_name")):
        if text := one_line(row[column]):
            parts.append(f"{heading}: {text}")
    return shortened("\n\n".join(filter(None, parts)), 20_000)


def reports(cell):
    """(office, day, headline) of each report, or none where the cell is of another form."""
    cell = cell.strip(" \t\r\n")
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return []
    found = []
    for report in cell[1:-1].split('";"'):
        match = re.fullmatch(r"(.*?),\s*(\d{4}-\d\d-\d\d)\s*,(.*)", report, re.S)
        if match is None or not one_line(match[1]):
            return []
        day = datetime.date.fromisoformat(match[2])
        if day.year < FIRST_YEAR:
            return []
        found.append((one_line(match[1]), day, one_line(match[3])))
    return found


def claims(row, contradicted):
    told = [f"{side} {count(row[column])}" for column, side in SIDES.items()
            if count(row[column]) is not None]
    made = [present(source="UCDP", note=f"Deaths: {', '.join(told)}." if told else "",
                    fatalities=counts(**contradicted))]
    found = reports(row["source_article"])
    if not found and one_line(row["source_article"]):
        made.append({"source": shortened(one_line(row["source_article"]), 2_000)})
    made += [present(source=shortened(office, 2_000), time=instant(day),
                     note=shortened(headline, 2_000)) for office, day, headline
             in found[:REPORTS_MAX]]
    if original := one_line(row["source_original"]):
        made.append({"source": shortened(original, 2_000),
                     "note": "Named by UCDP as the original source."})
    return [{**claim, "stance": "CLAIM_STANCE_ASSERTS"} for claim in made]


def event(row, feed, known):
    """The event of a row, in protobuf JSON, without what the service adds."""
    hull, contradicted = deaths(row)
    started = ucdp_release_diff.day(row["date_start"])
    days = [day for _, day, _ in reports(row["source_article"])[:REPORTS_MAX] if day >= started]
    sides = []
    for side, role in (("a", "INITIATOR"), ("b", "TARGET")):
        actor = known.get(identifier(row[f"side_{side}_new_id"]))
        who = {"actor": actor} if actor else {
            "label": shortened(one_line(row[f"side_{side}"]), 300)}
        sides.append({**who, "role": "PARTICIPANT_ROLE_" + role})
    codes = {taxonomy: identifier(one_line(row[column])) for taxonomy, column in CODES.items()}
    return present(
        name=f"feeds/{feed}/events/{identifier(row['id'])}",
        kind="EVENT_KIND_" + KINDS[row["type_of_violence"]],
        codes=[{"taxonomy": "ucdp:" + taxonomy, "value": shortened(value, 128)}
               for taxonomy, value in codes.items() if value],
        occurred=occurred(row), reportedTime=instant(min(days)) if days else None,
        location=location(row), participants=sides, fatalities=counts(**hull),
        title=title(row, hull), description=description(row), languageCode="en",
        claims=claims(row, contradicted))


def events(path, feed):
    """Name -> event of each row of a file."""
    known = actors()
    return {made["name"]: made for made in (event(row, feed, known) for row in read_rows(path))}


def as_sent(stored):
    """An event of the service without what it adds to a row's."""
    sent = {name: value for name, value in stored.items() if name not in ADDED}
    if "location" in sent:
        sent["location"] = {name: value for name, value in sent["location"].items()
                            if name not in ADDED_PLACES}
    return sent


def changed_fields(old, new, path=""):
    """Which fields differ, as `annals changes` names them; of lists only that they do."""
    if not isinstance(old, dict) or path in WHOLE:
        return {path} if old != new else set()
    fields = set()
    for name in old.keys() | new.keys():
        snake = re.sub("([A-Z])", lambda upper: "_" + upper[1].lower(), name)
        inner = f"{path}.{snake}" if path else snake
        sides = old.get(name), new.get(name)
        filler = {} if any(isinstance(side, dict) for side in sides) else None
        fields |= changed_fields(*(filler if side is None else side for side in sides), inner)
    return fields


def corrections(old_path, new_path, feed="f"):
    """Name -> the fields that differ, of each event that both files have and that was corrected."""
    old, new = events(old_path, feed), events(new_path, feed)
    differing = {name: changed_fields(old[name], new[name]) for name in old.keys() & new.keys()}
    return {name: fields for name, fields in differing.items() if fields}


if __name__ == "__main__":
    if len(sys.argv) == 2:
        for made in events(sys.argv[1], "f").values():
            print(json.dumps(made, ensure_ascii=False))
    elif len(sys.argv) == 3:
        changed = corrections(*sys.argv[1:])
        print(json.dumps({"corrected": len(changed), "fields": dict(sorted(collections.Counter(
            field for fields in changed.values() for field in fields).items()))}))
    else:
        sys.exit(__doc__)
