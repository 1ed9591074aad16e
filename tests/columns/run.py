#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ctidump's JSON Lines as a table: each key has one type in all records of all captures, also
redacted and with passwords; and DuckDB finds a type for each column of the table that it makes.

    run.py CTIDUMP CAPTURES             the types of the keys
    run.py CTIDUMP CAPTURES --duckdb    what DuckDB makes of them: needs node, and npm with a
                                        registry; status 77 and a line that says why without them
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "@duckdb/node-api@1.5.6-r.1"
OPTIONS = ((), ("--redact",), ("--show-secrets",))
SKIPPED = 77

# The path of each leaf whose type DuckDB could not tell, one a line.
SCRIPT = """
import { DuckDBInstance } from '@duckdb/node-api';

function unknown(type, path) {
    if (type.alias === 'JSON')
        return [path];
    if (type.entryTypes !== undefined)
        return type.entryTypes.flatMap(
            (entry, i) => unknown(entry, path + '.' + type.entryNames[i]));
    return type.valueType === undefined ? [] : unknown(type.valueType, path + '[]');
}

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const table = await connection.runAndReadAll(
    `select * from read_json('${process.argv[2]}', format = 'newline_delimited',
                             sample_size = -1, field_appearance_threshold = 0,
                             map_inference_threshold = -1)`);
const types = table.columnTypes();
console.log(`rows ${table.currentRowCount}`);
for (const path of table.columnNames().flatMap((name, i) => unknown(types[i], name)))
    console.log(path);
"""


def json_lines(ctidump, capture, *options):
    done = subprocess.run([ctidump, "-T", "json", *options, str(capture)], check=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode()


def type_of(value):
    """A value's type as tables have them; None for null, which is of every type."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "bool"
    return {int: "number", float: "number", str: "text", list: "list", dict: "object"}[type(value)]


def note_types(value, path, where, types):
    """types: {path: {type: the first place where it has it}}."""
    kind = type_of(value)
    if kind is not None:
        types.setdefault(path, {}).setdefault(kind, where)
    if isinstance(value, dict):
        for name, part in value.items():
            note_types(part, f"{path}.{name}" if path else name, where, types)
    elif isinstance(value, list):
        for part in value:
            note_types(part, f"{path}[]", where, types)


def read_types(ctidump, captures, all_options):
    types, texts = {}, []
    for options in all_options:
        for capture in captures:
            text = json_lines(ctidump, capture, *options)
            texts.append(text)
            for line in text.splitlines():
                record = json.loads(line)
                note_types(record, "", f"{capture.name} {' '.join(options)} {record['record']}",
                           types)
    return types, texts


def check_types(ctidump, captures):
    types, _ = read_types(ctidump, captures, OPTIONS)
    wrong = {path: kinds for path, kinds in types.items() if len(kinds) > 1}
    for path, kinds in sorted(wrong.items()):
        print(f"{path}: {kinds}")
    print(f"{len(types)} keys, {len(wrong)} with several types")
    return 1 if wrong else 0


def install(folder):
    """DuckDB in the folder; why not, or None."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0",
                           "--prefix", folder, PACKAGE],
                          capture_output=True, text=True, check=False, timeout=300)
    return None if done.returncode == 0 else f"npm cannot install {PACKAGE}"


def check_duckdb(ctidump, captures):
    with tempfile.TemporaryDirectory() as folder:
        reason = install(folder)
        if reason is not None:
            print(f"skipped: {reason}")
            return SKIPPED
        types, texts = read_types(ctidump, captures, [()])
        lines, script = Path(folder) / "all.jsonl", Path(folder) / "types.mjs"
        lines.write_text("".join(texts))
        script.write_text(SCRIPT)
        found = subprocess.run(["node", str(script), str(lines)], check=True, timeout=300,
                               stdout=subprocess.PIPE, text=True).stdout.splitlines()
    rows = sum(text.count("\n") for text in texts)
    wrong = [path for path in found[1:] if path in types]
    if found[0] != f"rows {rows}":
        wrong.append(f"{found[0]} of {rows}")
    for path in wrong:
        print(f"no type: {path}")
    print(f"{rows} rows, {len(types)} keys, {len(wrong)} without a type")
    return 1 if wrong else 0


def main():
    ctidump, folder = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    captures = sorted(folder.glob("*.pcap"))
    if not captures:
        print(f"no captures in {folder}")
        return 1
    return (check_duckdb if "--duckdb" in sys.argv else check_types)(ctidump, captures)


if __name__ == "__main__":
    sys.exit(main())
