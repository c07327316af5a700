#!/usr/bin/env python3
"""Checks that Grove renders chat templates as transformers does, with Jinja2. Exits 1, with the first that differ, if not.

    check_templates.py --grove .build/release/grove [--count 100] [--seed 1] [FILE...]

A FILE is a template (.jinja), a tokenizer_config.json, or a GGUF file with one; the templates of the chat fixtures are
checked too. Every template gets the same generated conversations: system messages, tools and calls of them, thoughts,
lists of parts, roles in the wrong order. Where transformers refuses a conversation, Grove must.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "Tests/Fixtures/chat"))
import make_chat_fixtures as fixtures


def template_of(path):
    """The text of the template in a file; None if it has none."""
    if path.suffix == ".gguf":
        import gguf

        field = gguf.GGUFReader(path).fields.get("tokenizer.chat_template")
        return field and field.contents()
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8")).get("chat_template")
    return path.read_text(encoding="utf-8")


def expected(template, case):
    """What transformers renders; None if it refuses."""
    import jinja2
    from transformers.utils.chat_template_utils import render_jinja_template

    try:
        rendered, _ = render_jinja_template(
            [case["messages"]], tools=case["tools"], chat_template=template,
            add_generation_prompt=case["add_generation_prompt"], **case["variables"])
    except (jinja2.TemplateError, TypeError):
        return None
    return rendered[0]


def rendered(grove, folder, case):
    """What Grove renders, and what it says where it refuses."""
    file = folder / "messages.json"
    file.write_text(json.dumps({"messages": case["messages"], "tools": case["tools"]}), encoding="utf-8")
    command = [grove, "tokenizer", "chat", str(file), "--tokenizer", str(folder), "--json"]
    command += ["--generation-prompt"] * case["add_generation_prompt"]
    for name, value in case["variables"].items():
        command += ["--variable", f"{name}={json.dumps(value)}"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        sys.exit(f"Grove ended with the code {done.returncode}: {done.stderr}")
    return (json.loads(done.stdout)["prompt"], "") if done.returncode == 0 else (None, done.stderr)


def generated(count, seed):
    r = random.Random(seed)
    for _ in range(count):
        variables = {"bos_token": "<s>", "eos_token": "</s>"} | ({"enable_thinking": False} if r.random() < 0.3 else {})
        yield {"messages": fixtures.conversation(r), "tools": fixtures.TOOL_LIST if r.random() < 0.4 else None,
               "add_generation_prompt": r.random() < 0.5, "variables": variables}


def check(name, template, cases, grove, folder):
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    refused, wrong = 0, 0
    for case in cases:
        theirs, (ours, said) = expected(template, case), rendered(grove, folder, case)
        refused += theirs is None
        if ours != theirs:
            wrong += 1
            if wrong <= 2:
                print(f"{name}: {json.dumps(case, ensure_ascii=False)}\n  Grove         {ours!r} {said}\n  transformers  {theirs!r}")
    print(f"{name}: {len(cases) - wrong} of {len(cases)} conversations the same, {refused} of them refused by both")
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--grove", required=True, help="the built CLI")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cases = list(generated(options.count, options.seed))
    templates = [*fixtures.TEMPLATES.items()]
    for path in options.files:
        template = template_of(path)
        if template:
            templates.append((str(path), template))
        else:
            print(f"{path}: has no chat template")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tokenizer = ROOT / "Tests/Fixtures/tokenizer/tokenizer.json"
        (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
        results = [check(name, template, cases, options.grove, folder) for name, template in templates]
    if not all(results):
        sys.exit(f"{results.count(False)} of {len(results)} templates are rendered otherwise")


if __name__ == "__main__":
    main()
