#!/usr/bin/env python3
"""The types of other crates that the public API names, as rustdoc sees them.

Only `bytes::Bytes` may stand in it: whoever names a type of a dependency is bound to its version.
Traits of `serde` and `arbitrary` come with the features of those names.
"""

import pathlib
import re
import subprocess
import sys

CRATE = "nodewire"
ALLOWED = {"bytes::Bytes"}
SERDE = {"Deserialize", "DeserializeOwned", "Deserializer", "Serialize", "Serializer"}
# Traits, and what their methods take: they come with the features.
FORMS = {
    "arbitrary": {"Arbitrary", "Error", "MaxRecursionReached", "Result", "Unstructured"},
    "serde": SERDE,
    "serde_core": SERDE,
}
# A scenario is JSON, and who tests something of his own with one is handed JSON.
JSON, JSON_IN = {"serde_json::Map", "serde_json::Value"}, f"{CRATE}/sim/scenario/"

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What is implemented for all types there are is nobody's choice here.
BLANKET = re.compile(r'<h2 id="blanket-implementations".*?(?=<h2 |\Z)', re.S)
# A name in a signature has a class and a target; one in a sentence has no class.
NAME = re.compile(r'<a class="(?:struct|enum|union|trait|type|constant|fn|macro)" href="([^"#]+)')


def external(page, text):
    """The items of other crates, except the language's own, that signatures on a page name."""
    for target in NAME.findall(BLANKET.sub("", text)):
        if target.startswith("https://doc.rust-lang.org/"):
            continue
        if "://" in target:
            yield target
            continue
        path = (page.parent / target).resolve().relative_to(DOC)
        if path.parts[0] != CRATE:
            yield path.parts[0] + "::" + path.name.split(".")[1]


target = subprocess.run(
    ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline"],
    cwd=ROOT, check=True, capture_output=True, text=True).stdout
DOC = pathlib.Path(re.search(r'"target_directory":"([^"]+)"', target)[1]).resolve() / "doc"
# With the dependencies, so that their names are links.
subprocess.run(["cargo", "doc", "-q", "--locked", "-p", CRATE, "--all-features"],
               cwd=ROOT, check=True)

found = {}
pages = sorted((DOC / CRATE).rglob("*.html"))
for page in pages:
    at = page.relative_to(DOC).as_posix()
    for name in external(page, page.read_text()):
        if not (name in JSON and at.startswith(JSON_IN)):
            found.setdefault(name, at)

wrong = False
for name, at in sorted(found.items()):
    crate, _, item = name.partition("::")
    if name not in ALLOWED and item not in FORMS.get(crate, ()):
        wrong = True
        print(f"not allowed in the public API: {name}, in {at}", file=sys.stderr)
# A page or a link of another form would be overlooked, and so would be these.
if not ALLOWED <= found.keys():
    wrong = True
    print(f"not found, though they are there: {ALLOWED - found.keys()}", file=sys.stderr)
print(f"{len(found)} names of other crates on {len(pages)} pages")
sys.exit(wrong)
