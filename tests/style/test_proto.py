"""The shape of the contract: buf's STANDARD and COMMENTS rules as far as they can apply here, and
the house's own: the first words of comments, and output_only.

Anyone may run buf itself (proto/buf.yaml); this test needs nothing but protoc.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTO_DIR = pathlib.Path(os.environ["ANNALS_SOURCE_DIR"]) / "proto"
PROTOC = os.environ["ANNALS_PROTOC"]

FIRST_WORDS = ("Required.", "Optional.", "Output only.", "Immutable.")
LOWER_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*$")
UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")
PASCAL = re.compile(r"([A-Z][a-z0-9]*)+$")

# Numbers of fields in descriptor.proto, of which a comment's path is made.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE = 4, 5, 6
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM, MESSAGE_ONEOF = 2, 3, 4, 8
ENUM_VALUE, SERVICE_METHOD = 2, 2


def snake(pascal):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", pascal).upper()


def compile_protos(directory, *files):
    with tempfile.NamedTemporaryFile() as output:
        compiled = subprocess.run(
            [PROTOC, f"-I{directory}", "--include_imports", "--include_source_info",
             f"--descriptor_set_out={output.name}", *files],
            capture_output=True, text=True, check=False)
        if compiled.returncode != 0 or "warning" in compiled.stderr:
            raise AssertionError(compiled.stderr)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(output.name).read_bytes())


class Linter:
    """Collects what is wrong with a set of files."""

    def __init__(self, descriptors, package="annals.v1"):
        self.violations = []
        self.files = [file for file in descriptors.file if file.package == package]
        self.package = package
        self.messages = {}
        self.output_only = self._find_output_only(descriptors)
        for file in self.files:
            for message in file.message_type:
                self.messages[f".{package}.{message.name}"] = message
        self.asked = self._reachable_from_requests()

    @staticmethod
    def _find_output_only(descriptors):
        """Answers whether a field carries annals.v1.output_only, read through our own pool."""
        pool = descriptor_pool.DescriptorPool()
        for file in descriptors.file:
            pool.Add(file)
        try:
            extension = pool.FindExtensionByName("annals.v1.output_only")
        except KeyError:
            return lambda field: False
        options_type = pool.FindMessageTypeByName("google.protobuf.FieldOptions")
        options_class = message_factory.MessageFactory(pool).GetPrototype(options_type)

        def output_only(field):
            options = options_class.FromString(field.options.SerializeToString())
            return options.Extensions[extension]

        return output_only

    def _reachable_from_requests(self):
        """Messages that a client sends: their fields say whether they are required."""
        found = set()
        waiting = [name for name in self.messages if name.endswith("Request")]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            waiting += [field.type_name for field in self.messages[name].field
                        if field.type_name in self.messages]
        return found

    def fail(self, where, what):
        self.violations.append(f"{where}: {what}")

    def expect(self, holds, where, what):
        if not holds:
            self.fail(where, what)

    def run(self):
        for file in self.files:
            self._file(file)
        self._rpc_messages_are_unique()
        return self.violations

    def _file(self, file):
        self.comments = {tuple(location.path): location.leading_comments.strip()
                         for location in file.source_code_info.location}
        path = pathlib.PurePath(file.name)
        self.expect(LOWER_SNAKE.match(path.stem), file.name, "file name in lower_snake_case")
        self.expect(str(path.parent) == file.package.replace(".", "/"), file.name,
                    "the directory is the package's")
        self.expect(re.search(r"\.v\d+$", file.package), file.name, "package ends in a version")
        self.expect(file.syntax == "proto3", file.name, "syntax is proto3")
        self.expect(not file.public_dependency and not file.weak_dependency, file.name,
                    "no public or weak imports")
        for index, message in enumerate(file.message_type):
            self._message(file.name, message, (FILE_MESSAGE, index), f".{file.package}")
        for index, enum in enumerate(file.enum_type):
            self._enum(file.name, enum, (FILE_ENUM, index))
        for index, service in enumerate(file.service):
            self._service(file.name, service, (FILE_SERVICE, index))

    def _commented(self, where, path):
        comment = self.comments.get(path, "")
        self.expect(comment, where, "needs a comment")
        return comment

    def _message(self, where, message, path, scope):
        where = f"{where} {message.name}"
        if message.options.map_entry:
            return
        self._commented(where, path)
        self.expect(PASCAL.match(message.name), where, "message name in PascalCase")
        for index, oneof in enumerate(message.oneof_decl):
            members = [f for f in message.field if f.HasField("oneof_index") and
                       f.oneof_index == index]
            if not any(member.proto3_optional for member in members):
                self._oneof(f"{where}.{oneof.name}", oneof, path + (MESSAGE_ONEOF, index),
                            f"{scope}.{message.name}" in self.asked)
        for index, field in enumerate(message.field):
            self._field(f"{where}.{field.name}", field, path + (MESSAGE_FIELD, index),
                        f"{scope}.{message.name}" in self.asked)
        for index, nested in enumerate(message.nested_type):
            self._message(where, nested, path + (MESSAGE_NESTED, index), f"{scope}.{message.name}")
        for index, enum in enumerate(message.enum_type):
            self._enum(where, enum, path + (MESSAGE_ENUM, index))

    def _oneof(self, where, oneof, path, asked):
        comment = self._commented(where, path)
        self.expect(LOWER_SNAKE.match(oneof.name), where, "oneof name in lower_snake_case")
        if asked:
            self.expect(comment.startswith(FIRST_WORDS), where,
                        f"comment opens with one of {', '.join(FIRST_WORDS)}")

    def _field(self, where, field, path, asked):
        comment = self._commented(where, path)
        self.expect(LOWER_SNAKE.match(field.name), where, "field name in lower_snake_case")
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        if asked and not in_oneof:
            self.expect(comment.startswith(FIRST_WORDS), where,
                        f"comment opens with one of {', '.join(FIRST_WORDS)}")
        self.expect(self.output_only(field) == comment.startswith("Output only."), where,
                    "output_only and a comment that opens with 'Output only.' go together")

    def _enum(self, where, enum, path):
        where = f"{where} {enum.name}"
        self._commented(where, path)
        self.expect(PASCAL.match(enum.name), where, "enum name in PascalCase")
        self.expect(not enum.options.allow_alias, where, "no allow_alias")
        prefix = snake(enum.name) + "_"
        self.expect(enum.value[0].name == prefix + "UNSPECIFIED" and enum.value[0].number == 0,
                    where, f"first value is {prefix}UNSPECIFIED = 0")
        for index, value in enumerate(enum.value):
            self._commented(f"{where}.{value.name}", path + (ENUM_VALUE, index))
            self.expect(value.name.startswith(prefix) and UPPER_SNAKE.match(value.name),
                        f"{where}.{value.name}", f"value in UPPER_SNAKE_CASE that opens {prefix}")

    def _service(self, where, service, path):
        where = f"{where} {service.name}"
        self._commented(where, path)
        self.expect(PASCAL.match(service.name) and service.name.endswith("Service"), where,
                    "service name in PascalCase that ends in Service")
        for index, method in enumerate(service.method):
            here = f"{where}.{method.name}"
            self._commented(here, path + (SERVICE_METHOD, index))
            self.expect(PASCAL.match(method.name), here, "RPC name in PascalCase")
            for name, suffix in ((method.input_type, "Request"), (method.output_type, "Response")):
                self.expect(name == f".{self.package}.{method.name}{suffix}", here,
                            f"takes or answers {method.name}{suffix}")

    def _rpc_messages_are_unique(self):
        used = [name for file in self.files for service in file.service
                for method in service.method for name in (method.input_type, method.output_type)]
        for name in {name for name in used if used.count(name) > 1}:
            self.fail(name, "is used by more than one RPC")
        for name in self.messages:
            if name.endswith(("Request", "Response")):
                self.expect(name in used, name, "belongs to no RPC")


class ProtoTest(unittest.TestCase):
    maxDiff = None

    def test_contract(self):
        files = sorted(str(path.relative_to(PROTO_DIR))
                       for path in (PROTO_DIR / "annals").rglob("*.proto"))
        self.assertTrue(files)
        descriptors = compile_protos(PROTO_DIR, *files)
        violations = Linter(descriptors).run()
        self.assertFalse(violations, "\n" + "\n".join(violations))

    def test_only_known_packages(self):
        packages = {str(path.parent.relative_to(PROTO_DIR)) for path in PROTO_DIR.rglob("*.proto")}
        self.assertLessEqual(packages, {"annals/v1", "annals/internal", "google/rpc"})


GOOD = """
syntax = "proto3";
package annals.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions {
  // Filled by the server.
  bool output_only = 50801;
}
// Answers.
service ThingService {
  // Gets.
  rpc GetThing(GetThingRequest) returns (GetThingResponse);
}
// Asks.
message GetThingRequest {
  // Required. Its name.
  string name = 1;
  // Optional. Its shape.
  Shape shape = 2;
  // Output only. Its age.
  int32 age = 3 [(output_only) = true];
}
// Answers.
message GetThingResponse {
  // Anything.
  string name = 1;
}
// A shape.
enum Shape {
  // None.
  SHAPE_UNSPECIFIED = 0;
  // A cube.
  SHAPE_CUBE = 1;
}
"""


class RulesTest(unittest.TestCase):
    """Each rule finds what breaks it."""

    def lint(self, text):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "annals", "v1", "thing.proto")
            path.parent.mkdir(parents=True)
            path.write_text(text)
            return Linter(compile_protos(directory, "annals/v1/thing.proto")).run()

    def test_good(self):
        self.assertEqual(self.lint(GOOD), [])

    def test_bad(self):
        for old, new in (
                ("service ThingService", "service Things"), ("rpc GetThing(", "rpc FetchThing("),
                ("// Gets.\n", ""), ("// Asks.\n", ""), ("  // Required. Its name.\n", ""),
                ("Optional. Its shape", "Its shape"), ("string name = 1;", "string Name = 1;"),
                ("[(output_only) = true]", ""), ("Output only. Its age", "Optional. Its age"),
                ("SHAPE_UNSPECIFIED", "SHAPE_NONE"), ("SHAPE_CUBE", "CUBE"),
                ("  // A cube.\n", ""), ("enum Shape", "enum shape"),
                ("returns (GetThingResponse)", "returns (GetThingRequest)")):
            with self.subTest(old=old, new=new):
                text = GOOD.replace(old, new).replace(
                    "  Shape shape", "  shape shape" if "enum shape" in new else "  Shape shape")
                self.assertNotEqual(text, GOOD)
                self.assertNotEqual(self.lint(text), [])


if __name__ == "__main__":
    print(f"protoc: {PROTOC}", file=sys.stderr)
    unittest.main()
