#!/usr/bin/env python3
"""Builds regions.ndjson.xz from Natural Earth; see README.md beside this file.

usage: build.py ADMIN_1.geojson[.xz] COUNTRIES.json[.xz] [OUTPUT]

An offline tool: nothing of annals runs it. Needs Debian's python3-shapely.
"""
import csv
import json
import lzma
import math
import os
import re
import sys

from shapely.geometry import MultiPolygon, Point, Polygon, shape
from shapely.ops import unary_union
from shapely.validation import make_valid

HERE = os.path.dirname(os.path.abspath(__file__))
SCALE = 10_000  # coordinates are whole ten-thousandths of a degree: at most 11 metres
SLIVER_DEG2 = 2e-8  # smaller parts are dropped, unless a region has no other

# Natural Earth gives these no ISO 3166-2 prefix; ISO 3166-1 counts them here.
PARENT_BY_ADM0 = {"CYN": "CY", "ESB": "CY", "WSB": "CY", "SOL": "SO", "USG": "CU", "KAB": "KZ",
                  "CSI": "AU", "CLP": "FR", "KAS": "x-kas", "PGA": "x-pga"}
PARENT_BY_ADM1 = {"IOA-1928": "CC", "IOA-2652": "CX"}
# Natural Earth has the city of Moscow and the oblast round it the wrong way about.
CODE_BY_ADM1_NAME = {"Moskva": "RU-MOW", "Moskovskaya": "RU-MOS"}

TYPE_BY_CODE = {"UA-30": "City with special status", "UA-40": "City with special status",
                "UA-43": "Autonomous Republic", "BY-HM": "City", "BY-MI": "Voblasts"}

TYPE_WORDS = {
    "en": r"(?:Autonomous )?(?:Oblast|Krai|Republic|Province|Region|State|Governorate|District|"
          r"County|"
          r"Department|Prefecture|Okrug|Raion|Municipality)",
    "ru": r"(?:[Аа]втономная |[Аа]втономный )?(?:область|край|провинция|[Рр]еспублика|[Рр]егион|"
          r"[Рр]айон|[Оо]круг|[Дд]епартамент|[Шш]тат|[Гг]убернаторство|[Мм]ухафаза|[Пп]рефектура|"
          r"[Гг]рафство|"
          r"[Пп]ровинция|[Оо]бласть)",
    "uk": r"(?:[Аа]втономна |[Аа]втономний )?(?:[Оо]бласть|край|[Пп]ровінція|[Рр]еспубліка|"
          r"[Рр]егіон|"
          r"[Рр]айон|[Оо]круг|[Дд]епартамент|[Шш]тат|[Мм]ухафаза|[Пп]рефектура|[Гг]рафство)",
}
ADJECTIVE_END = re.compile(r"(ая|ий|ый|ой|ська|ський|цька|цький|зька|на)$")


def read_json(path):
    opened = lzma.open if path.endswith(".xz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return json.load(file)["features"]


def read_table(name):
    with open(os.path.join(HERE, name), encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["code"]: row for row in rows}


def split(text):
    return [part for part in (text or "").split("|") if part]


def clean(text):
    """One line, without the stress marks that Russian names carry."""
    return re.sub(r"\s+", " ", (text or "").replace("\u0301", "")).strip()


# Geometry

def polygons_of(geometry):
    if geometry.geom_type == "Polygon":
        return [] if geometry.is_empty else [geometry]
    return [p for part in getattr(geometry, "geoms", []) for p in polygons_of(part)]


def quantize(polygon):
    """The polygon on the grid, or None where nothing is left of it."""
    def ring(coordinates):
        points = []
        for lon, lat in coordinates:
            point = (round(lon * SCALE) / SCALE, round(lat * SCALE) / SCALE)
            if not points or points[-1] != point:
                points.append(point)
        return points if len(points) >= 4 and points[0] == points[-1] else None
    exterior = ring(polygon.exterior.coords)
    holes = [h for h in (ring(i.coords) for i in polygon.interiors) if h]
    return Polygon(exterior, holes) if exterior else None


def snap_valid(geometry):
    """Valid polygons on the grid, largest first. Rounding may cross edges, and repairing leaves the
    grid, so both are repeated until neither changes anything."""
    parts = polygons_of(make_valid(geometry))
    for _ in range(20):
        snapped = [q for q in map(quantize, parts) if q is not None]
        if snapped and all(q.is_valid for q in snapped) and MultiPolygon(snapped).is_valid:
            parts = snapped
            break
        parts = polygons_of(make_valid(unary_union([make_valid(q) for q in snapped])))
    else:
        raise SystemExit("a polygon cannot be made valid")
    parts.sort(key=lambda p: (-p.area, p.bounds))
    return [p for p in parts if p.area >= SLIVER_DEG2] or parts[:1]


def encode_number(value):
    """Google's polyline digits: the sign in the lowest bit, five bits a character, lowest first."""
    value = value << 1 if value >= 0 else ~(value << 1)
    digits = ""
    while value >= 32:
        digits += chr((value & 31 | 32) + 63)
        value >>= 5
    return digits + chr(value + 63)


def encode(polygons):
    """Rings without their closing point: longitude, latitude, then what is added to each."""
    def ring(coordinates):
        digits, last = [], (0, 0)
        for lon, lat in list(coordinates)[:-1]:
            point = (round(lon * SCALE), round(lat * SCALE))
            digits += [encode_number(point[0] - last[0]), encode_number(point[1] - last[1])]
            last = point
        return "".join(digits)
    return [[ring(p.exterior.coords)] + [ring(i.coords) for i in p.interiors] for p in polygons]


def ground(polygons):
    """About how large, in square degrees at the equator."""
    return sum(p.area * math.cos(math.radians(p.centroid.y)) for p in polygons)


def inner_point(polygons, preferred):
    """A point on the grid well inside: the preferred ones first."""
    largest = polygons[0]
    inside = largest.representative_point()
    for candidate in preferred + [largest.centroid, inside]:
        point = Point(round(candidate.x * SCALE) / SCALE, round(candidate.y * SCALE) / SCALE)
        if any(p.contains(point) for p in polygons):
            return [point.x, point.y]
    raise SystemExit("no point inside a region")


# Names

class Names:
    def __init__(self):
        self.names, self.seen = [], set()

    def add(self, language, *texts):
        for text in map(clean, texts):
            # Of unknown language: only what no other has.
            key = (language or "any", text.casefold())
            if text and len(text) <= 200 and key not in self.seen:
                self.seen |= {key, ("any", text.casefold())}
                self.names.append({"language": language, "text": text})


def without_type(language, text):
    """"Kursk Oblast" -> "Kursk", "Республика Коми" -> "Коми"; adjectives alone are no names."""
    words = TYPE_WORDS[language]
    bare = re.sub(r"^%s (?:of )?|\s%s$" % (words, words), "", text or "")
    return bare if bare != text and not ADJECTIVE_END.search(bare) else None


def unit_names(properties, row):
    names = Names()
    p = {k: clean(v) if isinstance(v, str) else v for k, v in properties.items()}
    row = row or {}
    title = row.get("title") or p["name_en"] or p["name"] or "Other islands of " + p["admin"]
    more = row.get("more") or ""
    names.add("en", title)
    names.add("en", *split(more.lstrip("=")))
    if not more.startswith("="):
        english = p["name_en"] or p["name"]
        names.add("en", english)
        if english and not row.get("title", "").startswith(("Kyiv", "Moscow", "Minsk")):
            types = set(split(p["type_en"])[:1] + split(p["type"])[:1])
            types |= {"Oblast"} if "Oblast" in title else set()
            for kind in sorted(t for t in types if t.isascii()):
                if kind.strip("'").casefold() not in english.casefold():
                    bare = without_type("en", english) or english
                    names.add("en", "%s %s" % (bare, kind.strip("'")))
        cities = ("Kyiv", "Moscow", "Minsk")
        if not row or without_type("en", title) and not title.startswith(cities):
            names.add("en", without_type("en", title))
    for language in ("ru", "uk"):
        given = row.get(language) or ""
        own = clean(p["name_" + language]) if not given.startswith("=") else ""
        names.add(language, *([own] + split(given.lstrip("="))))
        names.add(language, without_type(language, own))
    if row.get("title"):  # the source's other names of these are known to be muddled
        names.add("", *(n for n in split(p["name_alt"]) + [p["gn_name"]]
                        if n and re.search(r"blast|bl'|Respublika|Kray", n)))
    else:
        names.add("", p["name"], p["name_local"], *split(p["name_alt"]), p["gn_name"])
    return title, names.names


def country_names(code, row, natural_earth):
    names = Names()
    names.add("en", row["en"])
    names.add("ru", row["ru"])
    names.add("uk", row["uk"])
    for text in split(row["more"]):
        names.add("" if re.search("[^\\W\\d_A-Za-z]", text) else "en", text)
    for p in natural_earth.get(code, []):
        names.add("en", p["NAME_LONG"], p["FORMAL_EN"], p["NAME_CIAWF"], p["NAME_ALT"])
    return names.names


# Regions

def parent_of(p):
    if p["adm1_code"] in PARENT_BY_ADM1:
        return PARENT_BY_ADM1[p["adm1_code"]]
    prefix = p["iso_3166_2"][:2]
    return prefix if re.fullmatch("[A-Z]{2}", prefix) else PARENT_BY_ADM0[p["adm0_a3"]]


def read_units(path):
    units = []
    for feature in read_json(path):
        p = feature["properties"]
        polygons = snap_valid(shape(feature["geometry"]))
        iso = CODE_BY_ADM1_NAME.get(p["name"], p["iso_3166_2"])
        own = "x-" + re.sub("[^a-z0-9]+", "-", p["adm1_code"].lower()).strip("-")
        units.append({"p": p, "polygons": polygons, "ground": ground(polygons), "own": own,
                      "code": iso if re.fullmatch("[A-Z]{2}-[A-Z0-9]{1,3}", iso) else own})
    taken = set()
    # Of twins the largest keeps the code.
    for unit in sorted(units, key=lambda u: (-u["ground"], u["own"])):
        if unit["code"] in taken:
            unit["code"] = unit["own"]
        if unit["code"] in taken:
            raise SystemExit("two regions are " + unit["code"])
        taken.add(unit["code"])
    return units


def unit_line(unit, table):
    p = unit["p"]
    title, names = unit_names(p, table.get(unit["code"]))
    label = [Point(p["longitude"], p["latitude"])] if p["latitude"] is not None else []
    kind = clean((p["type"] or "").split("|")[0]).strip("'")
    if title.endswith(" Oblast"):
        kind = "Oblast"
    kind = TYPE_BY_CODE.get(unit["code"], kind)
    return {"code": unit["code"], "title": title, "parent": parent_of(p), "level": 2, "type": kind,
            "names": names, "center": inner_point(unit["polygons"], label),
            "polygons": encode(unit["polygons"])}


def country_line(code, row, natural_earth, units):
    largest = max(units, key=lambda u: u["ground"])["polygons"]
    polygons = largest + [p for u in units for p in u["polygons"] if u["polygons"] is not largest]
    middle = [MultiPolygon([p for u in units for p in u["polygons"]]).centroid]
    return {"code": code, "title": row["en"], "parent": "", "level": 1, "type": "Country",
            "names": country_names(code, row, natural_earth),
            "center": inner_point(polygons, middle)}


def main():
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    output = sys.argv[3] if len(sys.argv) == 4 else os.path.join(HERE, "regions.ndjson.xz")
    units = read_units(sys.argv[1])
    titles, countries = read_table("unit_names.tsv"), read_table("country_names.tsv")
    natural_earth = {}
    by_adm0 = {u["p"]["adm0_a3"]: parent_of(u["p"]) for u in units
               if u["p"]["adm0_a3"] not in PARENT_BY_ADM0 and
               u["p"]["adm1_code"] not in PARENT_BY_ADM1}
    by_adm0["RUS"] = "RU"  # Crimea and Sevastopol stand under RUS in Natural Earth
    for feature in read_json(sys.argv[2]):
        p = feature["properties"]
        code = by_adm0.get(p["ADM0_A3"])
        if code and p["ADM0_A3"] not in ("PRI", "SXM", "ATC", "IOA"):
            natural_earth.setdefault(code, []).append(p)
    below = {}
    for unit in units:
        below.setdefault(parent_of(unit["p"]), []).append(unit)
    lines = [unit_line(u, titles) for u in units]
    lines += [country_line(c, countries[c], natural_earth, us) for c, us in below.items()]
    lines.sort(key=lambda line: line["code"])
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
                   for line in lines)
    with lzma.open(output, "wb", preset=9 | lzma.PRESET_EXTREME) as file:
        file.write(text.encode())
    print("%d regions, %d countries, %d bytes, %d packed" %
          (len(lines), len(below), len(text.encode()), os.path.getsize(output)))


if __name__ == "__main__":
    main()
