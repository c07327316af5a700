#!/usr/bin/env python3
"""Builds the demo corpus, ten domains of about 0.8 MB each, from Debian 12 packages and Python's standard library.

    mkdir packages && cd packages
    apt-get download libreoffice-help-{en-us,de,fr,es,ru,ko} metamath-databases wordnet-base bible-kjv bible-kjv-text
    for package in *.deb; do dpkg -x "$package" unpacked; done
    sudo apt-get install bible-kjv                    # its reader decodes the text
    python3 build_demo_corpus.py unpacked FOLDER      # with Python 3.11, whose standard library is a domain
    zstd -19 --rm FOLDER/*.jsonl

Writes FOLDER/<domain>.jsonl, one document a line: id, text, domain, language, source, license. Documents are taken in the
order of the SHA-256 of their key until a domain is full, so that the choice depends on nothing else. A page of the help
exists in six languages and goes into one of them only: nothing leaks through translation.
"""

import hashlib
import html
import json
import pathlib
import re
import subprocess
import sys
import sysconfig

BYTES_PER_DOMAIN = 800_000
DOCUMENT_BYTES = range(200, 40_001)
HELP_LANGUAGES = ["en-US", "de", "fr", "es", "ru", "ko"]


def digest(key):
    return hashlib.sha256(key.encode()).digest()


def write(folder, domain, documents, language, source, license):
    """Writes (key, text) pairs until the domain is full; documents that are very short or long are left out."""
    size = count = 0
    with open(folder / f"{domain}.jsonl", "w", encoding="utf-8") as file:
        for key, text in sorted(documents, key=lambda document: digest(document[0])):
            if len(text.encode()) not in DOCUMENT_BYTES:
                continue
            row = {
                "id": f"{domain}/{key}",
                "text": text,
                "domain": domain,
                "language": language,
                "source": source,
                "license": license,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            size += len(text.encode())
            count += 1
            if size >= BYTES_PER_DOMAIN:
                break
    print(f"{domain:12} {count:5} documents {size:8} bytes")


def groups(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def scripture(root):
    """The King James Bible, a document a chapter."""
    command = ["bible", "-f", "-p", str(root / "usr/lib"), "gen1:1-rev22:21"]
    chapters = {}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        if verse := re.match(r"(\S+?)(\d+):(\d+) (.*)", line):
            book, chapter, number, text = verse.groups()
            chapters.setdefault(f"{book}-{int(chapter):03}", []).append(f"{number} {text.strip()}")
    return [(key, "\n".join(verses)) for key, verses in chapters.items()]


def mathematics(root):
    """Metamath's set.mm, ten statements with their comments a document; the compressed proofs are left out."""
    text = (root / "usr/share/metamath/databases/set.mm").read_text(encoding="ascii", errors="ignore")
    statements = re.findall(r"\$\( ([^$]{40,}?) \$\)\s+(\S+) \$([ap]) (.*?) \$[=.]", text, re.DOTALL)

    def rendered(comment, label, kind, statement):
        comment = re.sub(" +", " ", comment.replace("\n", " "))
        statement = re.sub(" +", " ", statement.replace("\n", " "))
        return f"{comment}\n{label} ${kind} {statement} $.\n"

    whole = [group for group in groups(statements, 10) if len(group) == 10]
    return [(group[0][1], "\n".join(rendered(*statement) for statement in group)) for group in whole]


def dictionary(root):
    """WordNet's glosses, twenty a document."""
    glosses = []
    for part in ("noun", "verb", "adj", "adv"):
        for line in (root / f"usr/share/wordnet/data.{part}").read_text(encoding="utf-8").splitlines():
            if not line.startswith("  ") and " | " in line:  # two spaces start the licence
                head, gloss = line.rstrip().split(" | ", 1)
                glosses.append(f"{head.split()[4].replace('_', ' ')} ({part}): {gloss.strip()}")
    return [(f"{20 * index:06}", "\n".join(group)) for index, group in enumerate(groups(glosses, 20))]


def python_library():
    """Python's standard library, a document a file."""
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    skipped = re.compile(r"site-packages|test|idlelib|lib2to3|encodings|turtledemo|config-|_sysconfigdata")
    paths = ((str(path.relative_to(library)), path) for path in library.rglob("*.py"))
    return [(key, path.read_text(encoding="utf-8", errors="ignore")) for key, path in paths if not skipped.search(key)]


def help_text(page):
    """The paragraphs of a page of LibreOffice's help."""
    body = page.split('<div id="DisplayArea"', 1)[-1].split('<div id="DonationFrame"', 1)[0]
    blocks = re.findall(r"<(?:h\d|p|td|th|li|pre)[ >].*?</(?:h\d|p|td|th|li|pre)>", body, re.DOTALL)
    paragraphs = (html.unescape(re.sub(r"<[^>]+>", "", block)) for block in blocks)
    lines = (re.sub(r"\s+", " ", paragraph).lstrip(">").strip() for paragraph in paragraphs)
    return re.sub(r'(?m)^[^\n]*class="[^\n]*$\n?', "", "\n".join(line for line in lines if line))


def manuals(root):
    """LibreOffice's help by language: each page in the language that the hash of its path picks."""
    base = root / "usr/share/libreoffice/help"
    pages = {language: [] for language in HELP_LANGUAGES}
    for path in sorted((base / "de/text").rglob("*.html")):
        relative = path.relative_to(base / "de")
        language = HELP_LANGUAGES[int.from_bytes(digest(str(relative)), "big") % len(HELP_LANGUAGES)]
        page = base / language / relative
        if page.exists():
            pages[language].append((str(relative.with_suffix("")), help_text(page.read_text(encoding="utf-8"))))
    return pages


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    write(out, "scripture", scripture(root), "en", "bible-kjv-text", "public domain")
    write(out, "math", mathematics(root), "en", "metamath-databases set.mm", "CC0-1.0")
    write(out, "dictionary", dictionary(root), "en", "wordnet-base 3.0", "WordNet")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    write(out, "python", python_library(), "py", f"CPython {version} standard library", "PSF-2.0")
    for language, pages in manuals(root).items():
        source = f"libreoffice-help-{language.lower()} 7.4"
        write(out, f"manual-{language[:2]}", pages, language[:2], source, "MPL-2.0")


if __name__ == "__main__":
    main()
