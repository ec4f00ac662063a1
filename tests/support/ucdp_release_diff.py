#!/usr/bin/env python3
"""What a new release of a UCDP event file does to an older one: an account of its own.

Knows only the columns that clients/import/README.md documents; shares no code with the importer.

  ucdp_release_diff.py OLD.csv[.xz|.gz] NEW.csv[.xz|.gz]
  {"created": 1916, "updated": ..., "unchanged": ..., "retracted": 94}
"""

import csv
import datetime
import gzip
import json
import lzma
import re
import sys

ROW_BYTES_MAX = 1 << 24
EXCEL_DAY_0 = datetime.date(1899, 12, 30)
COUNTRY, INTERNATIONAL = "6", "7"


def words(cell):
    """Text in which only the words count."""
    return " ".join(cell.split())


def reports(cell):
    """Offices, dates and headlines; spaces round them do not count."""
    return re.sub(r' ?([,"]) ?', r"\1", words(cell))


def lines(cell):
    """Text in which the lines count too."""
    return [words(line) for line in cell.strip().splitlines()]


def number(cell):
    return float(cell) if cell.strip() else None


def count(cell):
    value = number(cell)
    return value if value is not None and value >= 0 else None


def identifier(cell):
    return re.sub(r"^(\d+)\.0+$", r"\1", cell.strip())


def day(cell):
    cell = cell.strip()
    if re.fullmatch(r"\d+(\.\d+)?", cell):
        return EXCEL_DAY_0 + datetime.timedelta(days=int(float(cell)))
    return datetime.date.fromisoformat(cell[:10])


# Every documented column, and what of it counts.
COLUMNS = {
    "id": identifier,
    "type_of_violence": number,
    "date_start": day,
    "date_end": day,
    "date_prec": number,
    "latitude": number,
    "longitude": number,
    "where_prec": number,
    "where_coordinates": words,
    "where_description": words,
    # Only the region that it resolves to counts.
    "adm_1": lambda cell: words(cell).lower(),
    "country_id": number,
    "side_a": words,
    "side_a_new_id": identifier,
    "side_b": words,
    "side_b_new_id": identifier,
    "low": count,
    "best": count,
    "high": count,
    "deaths_a": count,
    "deaths_b": count,
    "deaths_civilians": count,
    "deaths_unknown": count,
    "source_article": reports,
    "source_headline": lines,
    "source_original": words,
    "conflict_name": words,
    "relid": words,
    "code_status": words,
    "conflict_new_id": identifier,
    "dyad_new_id": identifier,
    "event_clarity": number,
    "country": words,
}


def content(row):
    """What of a row reaches its event."""
    values = {column: compared(row.get(column) or "") for column, compared in COLUMNS.items()}
    if row["where_prec"].strip() in (COUNTRY, INTERNATIONAL):
        del values["adm_1"]
    if values["where_coordinates"]:
        del values["country"]
    return values


def read_rows(path):
    """The rows of a release, without a second header of HXL tags."""
    path = str(path)
    opened = lzma.open if path.endswith(".xz") else gzip.open if path.endswith(".gz") else open
    csv.field_size_limit(ROW_BYTES_MAX)
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and all(not cell or cell.startswith("#") for cell in rows[0].values()):
        del rows[0]
    return rows


def diff(old_path, new_path):
    old = {identifier(row["id"]): content(row) for row in read_rows(old_path)}
    new = {identifier(row["id"]): content(row) for row in read_rows(new_path)}
    kept = old.keys() & new.keys()
    updated = sum(old[key] != new[key] for key in kept)
    return {"created": len(new.keys() - old.keys()), "updated": updated,
            "unchanged": len(kept) - updated, "retracted": len(old.keys() - new.keys())}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(json.dumps(diff(sys.argv[1], sys.argv[2])))
