"""The rules of CONTRIBUTING.md that a program can check, each with the replacement in its message.

By hand: ANNALS_SOURCE_DIR=. python3 tests/style/test_style.py
"""

import os
import pathlib
import re
import subprocess
import unittest

SOURCE_DIR = pathlib.Path(os.environ["ANNALS_SOURCE_DIR"]).resolve()

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "proto", "service", "storage", "clients", "tests",
    "deploy", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md", ".ci", ".clang-format",
    ".clang-tidy", ".gitignore", ".gitattributes",
}
LARGE_FILES = {"storage/gazetteer/regions.ndjson.xz"}
FILE_BYTES_MAX = 1 << 20

LINE_COLUMNS_MAX = 100
HEADER_LINES_MAX = 150
SOURCE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
OVER_BUDGET = re.compile(r"^\s*// Over budget: \S")

CODE_SUFFIXES = {".cc", ".h", ".py", ".proto", ".sql", ".cmake", ".conf"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".md", ".txt", ".json", ".yaml"}
SCRIPTS = {"deploy/quickstart", "deploy/install-packages", "tests/run", "tests/faults/run",
           ".ci/run"}

# What a folder may include from the tree, longest prefix first. Tests may include anything.
INCLUDES = {
    "storage/": ("storage/", "annals/v1/", "google/rpc/"),
    "service/": ("service/", "storage/", "annals/v1/", "google/rpc/"),
    "clients/cpp/": ("clients/cpp/", "annals/v1/", "google/rpc/"),
    "clients/import/": ("clients/import/", "clients/cpp/", "annals/v1/"),
    "clients/cli/": ("clients/", "annals/v1/", "google/rpc/"),
}
FORBIDDEN_INCLUDES = [
    # (folder, but not these files, included, why)
    ("storage/", r"^storage/postgres/", r"^storage/postgres/", "the port knows no engine"),
    ("service/", r"^service/main\.cc$", r"^storage/(postgres|memory)/",
     "only service/main.cc names an engine"),
    ("storage/", r"$^", r"^(grpcpp|grpc)/|\.grpc\.pb\.h$", "storage knows no gRPC"),
    ("", r"^(storage/postgres/|tests/)", r"^pqxx/", "libpqxx stays in storage/postgres"),
    ("", r"$^", r"^absl/log/", "log with spdlog"),
    ("", r"$^", r"^format$", "build text with fmt::format"),
]

BANNED = [
    # (pattern, but not in these files, what to do instead)
    (r"\bsleep_(for|until)\s*\(|\busleep\s*\(", r"$^", "wait on a condition, or inject a sleeper"),
    (r"::SleepFor\s*\(", r"^(?!tests/)", "wait on a condition, or inject a sleeper"),
    (r"(?<!\bcode)(?<!\bany)(?<!\bid)(?<!codes\(\w\))(?<!external_ids\(\w\))\.value\(\)",
     r"$^", "test, then dereference with *"),
    (r"catch\s*\(\s*\.\.\.\s*\)", r"^(storage/postgres/pqxx_status|service/executor)\.(cc|h)$",
     "catch what you can name"),
    (r"\b(std::)?[fs]?n?printf\s*\(", r"$^", "fmt::format, or the output stream given"),
    (r"\bstd::sto(i|l|ll|ul|ull|f|d)\b|\bato[ilf]\s*\(", r"$^",
     "std::from_chars or absl::SimpleAto…"),
    (r"\busing\s+namespace\s+std\b", r"$^", "name what you use"),
    # Fine where it is made for a call into absl: const absl::string_view x(…).
    (r"(?<!const )\babsl::string_view\b(?!\()", r"$^", "std::string_view; absl's is another type"),
    (r"\bstd::views\b", r"$^", "a range algorithm; clang-tidy 14 cannot parse std::views"),
    (r"\bgetenv\s*\(", r"(^|/)main\.cc$|^tests/|^storage/failpoint\.cc$",
     "the environment is read in main alone"),
    (r"\bNOLINT(NEXTLINE|BEGIN|END)?\b(?!\()", r"$^", "NOLINT(check): why"),
    (r"\b(I[A-Z][a-z]+Store|\w+(Impl|Manager|Util|Utils|Helper))\b", r"$^",
     "a name that says what it is"),
]
BANNED_SQL = [
    (r"\bOFFSET\b", "page by keyset"),
    (r"\bSELECT\s+\*", "name the columns"),
]


def strip_cpp(text, keep_strings=False):
    """C++ with comments, and strings unless kept, blanked out; lines stay where they are."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
        re.S)

    def blank(match):
        token = match.group(0)
        if token[0] != "/" and keep_strings:
            return token
        return ("" if token[0] == "/" else '""') + "\n" * token.count("\n")

    # A digit separator is no quote.
    return pattern.sub(blank, re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "_", text))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_includes(path, text):
    prefix = next((p for p in sorted(INCLUDES, key=len, reverse=True) if path.startswith(p)), None)
    ours = ("storage/", "service/", "clients/", "tests/", "annals/", "google/rpc/")
    for match in re.finditer(r'^#include [<"]([^>"]+)[>"]', text, re.M):
        included, line = match.group(1), line_of(text, match.start())
        if prefix and included.startswith(ours) and not included.startswith(INCLUDES[prefix]):
            yield line, f"{prefix} may not include {included}: dependencies point one way"
        for folder, exempt, pattern, why in FORBIDDEN_INCLUDES:
            if path.startswith(folder) and not re.search(exempt, path) and \
                    re.search(pattern, included):
                yield line, f"#include {included}: {why}"


def check_banned(path, text):
    code = strip_cpp(text)
    # What quiets a linter stands in comments.
    whole = {r"\bNOLINT(NEXTLINE|BEGIN|END)?\b(?!\()"}
    for pattern, exempt, instead in BANNED:
        searched = text if pattern in whole else code
        if re.search(exempt, path):
            continue
        for match in re.finditer(pattern, searched):
            yield line_of(searched, match.start()), f"{match.group(0).strip()}: {instead}"


def check_sql(path, text):
    is_cpp = path.endswith((".cc", ".h"))
    if is_cpp and not path.startswith("storage/postgres/"):
        return
    searched = strip_cpp(text, keep_strings=True) if is_cpp else re.sub(r"--[^\n]*", "", text)
    for pattern, instead in BANNED_SQL:
        for match in re.finditer(pattern, searched, re.I):
            yield line_of(searched, match.start()), f"{match.group(0)}: {instead}"
    for match in re.finditer(r"^CREATE (TABLE|VIEW) (\w+)", searched, re.M):
        if not re.search(rf"^COMMENT ON {match.group(1)} {match.group(2)} IS", searched, re.M):
            yield line_of(searched, match.start()), f"{match.group(2)}: COMMENT ON what it is for"


def check_budgets(path, text):
    lines = text.splitlines()
    excused = any(OVER_BUDGET.match(line) for line in lines)
    limit = HEADER_LINES_MAX if path.endswith(".h") else SOURCE_LINES_MAX
    if len(lines) > limit and not excused:
        yield len(lines), f"{len(lines)} lines, {limit} are the budget: split, or say why in a " \
                          "comment '// Over budget: …'"
    yield from check_functions(text)


def check_functions(text):
    """Best effort over what clang-format leaves: a function opens and closes at one indentation."""
    lines, source = strip_cpp(text).splitlines(), text.splitlines()
    scopes = re.compile(r"\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|else|"
                        r"do|try|case|default|public|private|protected)\b|\s*[#}]")
    for indent in ("", "  "):
        start = None
        for number, line in enumerate(lines):
            at_indent = line.startswith(indent) and len(line) > len(indent) and \
                line[len(indent)] != " "
            if not at_indent:
                continue
            if line.rstrip() == indent + "}" and start is not None:
                length = number - start + 1
                excused = any(OVER_BUDGET.match(s) for s in source[max(0, start - 3):number])
                if length > FUNCTION_LINES_MAX and not scopes.match(lines[start]) and not excused:
                    yield start + 1, \
                        f"a function of {length} lines, {FUNCTION_LINES_MAX} are the budget"
            if not line.strip().startswith("}"):
                start = number


def check_header(path, text):
    if not path.endswith(".h"):
        return
    if not text.startswith("//"):
        yield 1, "a header opens with a comment: what it is, thread safety, ownership"
    if "\n#pragma once\n" not in text:
        yield 1, "a header needs #pragma once"


def check_text(path, text):
    code = pathlib.PurePath(path).suffix in CODE_SUFFIXES or path in SCRIPTS or \
        path.endswith("CMakeLists.txt")
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line"
        # A text in SQL and a URL stand on one line.
        unbroken = "http" in line or (path.endswith(".sql") and "'" in line)
        if code and len(line) > LINE_COLUMNS_MAX and not unbroken:
            yield number, f"{len(line)} columns, {LINE_COLUMNS_MAX} are the budget"
        if "\t" in line:
            yield number, "a tab: indent with spaces"
        if code and re.search(r"\b(TODO(?!\(#\d+\))|FIXME)\b", line) and \
                not path.startswith("tests/style/"):
            yield number, "TODO(#issue): what; nothing else"
    if text and not text.endswith("\n"):
        yield len(text.splitlines()), "no line end at the end of the file"


def tracked_files():
    """Files of the tree: what git knows or would add, or all where this is no checkout."""
    command = ["git", "-c", f"safe.directory={SOURCE_DIR}", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command + ["-z"], cwd=SOURCE_DIR, capture_output=True, check=False)
    if listed.returncode == 0:
        paths = listed.stdout.decode().split("\0")
    else:
        paths = [str(path.relative_to(SOURCE_DIR)) for path in SOURCE_DIR.rglob("*")]
    skipped = ("build/", ".git/")
    return sorted(path for path in paths
                  if path and not path.startswith(skipped) and (SOURCE_DIR / path).is_file())


class StyleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = tracked_files()

    def check(self, rule, wanted):
        violations = []
        for path in self.files:
            if not wanted(path):
                continue
            text = (SOURCE_DIR / path).read_text(encoding="utf-8")
            violations += [f"{path}:{line}: {what}" for line, what in rule(path, text)]
        self.assertFalse(violations, "\n" + "\n".join(violations))

    def test_dependencies_point_one_way(self):
        self.check(check_includes, is_cpp)

    def test_banned_calls(self):
        self.check(check_banned, is_cpp)

    def test_sql(self):
        self.check(check_sql, lambda path: is_cpp(path) or path.endswith(".sql"))

    def test_budgets(self):
        self.check(check_budgets, is_cpp)

    def test_headers(self):
        self.check(check_header, is_cpp)

    def test_text(self):
        self.check(check_text, lambda path: path in SCRIPTS or
                   pathlib.PurePath(path).suffix in TEXT_SUFFIXES)

    def test_top_level_is_fixed(self):
        self.assertLessEqual({path.split("/")[0] for path in self.files}, TOP_LEVEL)

    def test_files_are_small(self):
        large = {path for path in self.files if (SOURCE_DIR / path).stat().st_size > FILE_BYTES_MAX}
        self.assertLessEqual(large, LARGE_FILES)

    def test_no_drawer_for_everything(self):
        drawers = {"common", "util", "utils", "helpers", "misc"}
        self.assertFalse([path for path in self.files if drawers & set(path.split("/")[:-1])])

    def test_unnamed_tests_are_found(self):
        """Python tests have no listing: a file that is not test_*.py would never run."""
        strays = [path for path in self.files
                  if path.startswith(("tests/e2e/", "tests/faults/")) and path.endswith(".py") and
                  "unittest.TestCase" in (SOURCE_DIR / path).read_text() and
                  not re.search(r"/(test_\w+|harness)\.py$", path)]
        self.assertFalse(strays)


    def test_failpoints_are_built_and_named_once(self):
        """annalsd_failpoints is made of the sources that have some, listed in tests/faults."""
        listed = re.search(r"set\(failpoint_sources ([^)]*)\)",
                           (SOURCE_DIR / "tests/faults/CMakeLists.txt").read_text())
        names, sources = [], set()
        for path in filter(is_cpp, self.files):
            if path == "storage/failpoint.h":
                continue
            code = strip_cpp((SOURCE_DIR / path).read_text(), keep_strings=True)
            found = re.findall(r"\bANNALS_FAILPOINT\(\"([a-z_.]+)\"\)", code)
            self.assertEqual(len(found), len(re.findall(r"\bANNALS_FAILPOINT\(", code)), path)
            names += found
            sources |= {path} if found else set()
        self.assertEqual(set(listed.group(1).split()), sources)
        self.assertEqual(len(names), len(set(names)), names)


def is_cpp(path):
    return path.endswith((".cc", ".h"))


class RulesTest(unittest.TestCase):
    """Each rule finds what breaks it, and leaves alone what does not."""

    def assert_found(self, rule, path, text, count=1):
        self.assertEqual(len(list(rule(path, text))), count, list(rule(path, text)))

    def test_includes(self):
        self.assert_found(check_includes, "storage/a.cc", '#include "service/b.h"\n')
        self.assert_found(check_includes, "clients/cpp/a.cc", '#include "storage/b.h"\n')
        self.assert_found(check_includes, "service/a.cc", '#include "storage/postgres/b.h"\n')
        self.assert_found(check_includes, "service/main.cc", '#include "storage/postgres/b.h"\n', 0)
        self.assert_found(check_includes, "storage/memory/a.cc",
                          '#include "storage/postgres/b.h"\n')
        self.assert_found(check_includes, "service/a.cc", "#include <pqxx/pqxx>\n")
        self.assert_found(check_includes, "storage/postgres/a.cc", "#include <pqxx/pqxx>\n", 0)

    def test_banned(self):
        for code in ("std::this_thread::sleep_for(x);", "return found.value();", "f(x).value();",
                     "catch (...) {", 'printf("a");', 'snprintf(b, 1, "a");', "std::stoi(text)",
                     "using namespace std;", "// NOLINT", "class EventStoreImpl {"):
            self.assert_found(check_banned, "storage/a.cc", code + "\n")
        for code in ("code.value()", "event.codes(i).value()", "// sleep_for(x)", '"printf(a)"',
                     "// NOLINT(bugprone-x): why", "status.ok()", "vsleep_form(x)"):
            self.assert_found(check_banned, "storage/a.cc", code + "\n", 0)
        self.assert_found(check_banned, "storage/postgres/pqxx_status.cc", "catch (...) {\n", 0)

    def test_sql_rules(self):
        cpp = 'R"(SELECT * FROM event OFFSET 3)"\n'
        self.assert_found(check_sql, "storage/postgres/a.cc", cpp, 2)
        self.assert_found(check_sql, "storage/migrations/a.sql", "SELECT count(*) FROM event;\n", 0)
        self.assert_found(check_sql, "storage/migrations/a.sql", "CREATE TABLE a (b int);\n")

    def test_budget_of_functions(self):
        body = "  x();\n" * FUNCTION_LINES_MAX
        self.assert_found(check_budgets, "storage/a.cc",
                          f"void F(int a,\n       int b) {{\n{body}}}\n")
        self.assert_found(check_budgets, "storage/a.cc",
                          f"// Over budget: one table.\nvoid F() {{\n{body}}}\n", 0)
        self.assert_found(check_budgets, "storage/a.cc",
                          f"namespace a {{\n{body}}}\nvoid F() {{\n  x();\n}}\n", 0)

    def test_budget_of_files(self):
        self.assert_found(check_budgets, "storage/a.h", "int x;\n" * (HEADER_LINES_MAX + 1))
        self.assert_found(check_budgets, "storage/a.h", "int x;\n" * HEADER_LINES_MAX, 0)

    def test_text_rules(self):
        for text in ("x \n", "x", "\tx\n", "// TODO: later\n", "x" * 101 + "\n"):
            self.assert_found(check_text, "storage/a.cc", text)
        self.assert_found(check_text, "storage/a.cc", "// TODO(#12): later\n", 0)

    def test_headers_rule(self):
        self.assert_found(check_header, "storage/a.h", "int x;\n", 2)
        self.assert_found(check_header, "storage/a.h", "// An x.\n#pragma once\n", 0)


if __name__ == "__main__":
    unittest.main()
