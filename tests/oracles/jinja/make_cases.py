#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Renders templates.py with jinja2 as transformers sets it up, and writes the results as a table for the unit test.

    python3 -m venv bench/.venv && bench/.venv/bin/pip install jinja2==3.1.6
    bench/.venv/bin/python tests/oracles/jinja/make_cases.py > src/text/jinja/jinja2_cases.h

Not part of `make test`, which needs no Python.
"""
import json

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from templates import S

MESSAGES = [{"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Who mills, the wind or water?"},
            {"role": "assistant", "content": "Both do."}]


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_said"), [], [], body).set_lineno(line)

    def _said(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    return env


def quoted(text):
    """A C++ string literal; bytes beyond ASCII as they are."""
    out = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return '"' + "".join(c if ord(c) >= 32 and ord(c) != 127 else f"\\{ord(c):03o}" for c in out) + '"'


def main():
    env = environment()
    print("// SPDX-License-Identifier: MIT\n#pragma once")
    print("// Written by tests/oracles/jinja/make_cases.py: what jinja2", jinja2.__version__, "makes of small templates.\n")
    print("// clang-format off\nnamespace quern::jinja {\n")
    print("struct Jinja2Case {\n  const char *source, *rendered, *error;  // one of the two is null\n};\n")
    print("inline constexpr Jinja2Case kJinja2Cases[] = {")
    for source in S:
        try:
            rendered = env.from_string(source).render(
                messages=MESSAGES, tools=None, documents=None, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")
            print(f"    {{{quoted(source)}, {quoted(rendered)}, nullptr}},")
        except (jinja2.TemplateSyntaxError, SyntaxError):
            print(f'    {{{quoted(source)}, nullptr, "syntax"}},')
        except Exception as error:
            print(f"    {{{quoted(source)}, nullptr, {quoted(str(error))}}},")
    print("};\n\n}  // namespace quern::jinja\n// clang-format on")


main()
