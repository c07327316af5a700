#!/usr/bin/env python3
"""Takes libtorch out of the torch wheel. Needs Python 3.9 and nothing else; scripts/setup calls it.

unpack_libtorch.py cuda-toolkit WHEEL             print what pip must fetch for a CUDA build; nothing for a CPU build
unpack_libtorch.py unpack --into FOLDER WHEEL...  write FOLDER/libtorch/{include,lib}, and FOLDER/{nvidia,torch.libs}
                                                  where the wheels have them
"""

import argparse
import pathlib
import re
import shutil
import sys
import zipfile

# Folders of a wheel that are kept, and what they become. Loaders find nvidia/ and torch.libs/ from torch/lib by
# relative paths, so their places beside it stay.
KEPT = {"torch/include/": "libtorch/include/", "torch/lib/": "libtorch/lib/", "torch.libs/": "torch.libs/"}
# Libraries for Python and for PyTorch's own tests.
LEFT_OUT = re.compile(r"/lib(torch_python|shm|\w+_test|backend_with_compiler|aoti_custom_ops)\b[^/]*|/libshm[^/]*/")
NVIDIA_LIBRARY = re.compile(r"nvidia/.*/lib/[^/]+\.so[.\d]*$")


def cuda_toolkit(wheel):
    """The requirement that brings the CUDA runtime and CUPTI in the version this build was made for; "" for CPU builds."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        if not any(name.startswith("torch/lib/libtorch_cuda.") for name in names):
            return ""
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        requirement = re.compile(r"^Requires-Dist: cuda-toolkit\[.*\]==([\d.]+)", re.MULTILINE)
        found = requirement.search(archive.read(metadata).decode())
    if not found:
        sys.exit(f"{wheel}: a CUDA build that names no cuda-toolkit; set GROVE_LIBTORCH to a libtorch of your own")
    return f"cuda-toolkit[cudart,cupti]=={found[1]}"


def target_of(name):
    """Where a member of a wheel goes, or None if it stays behind."""
    if name.endswith("/") or LEFT_OUT.search(name):
        return None
    for start, target in KEPT.items():
        if name.startswith(start):
            return target + name[len(start) :]
    return name if NVIDIA_LIBRARY.match(name) else None


def unpack(wheels, folder):
    """Copies the members that are kept. Refuses a set of wheels without libtorch in it."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                target = target_of(member.filename)
                if target is None:
                    continue
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(path, "wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
    if not list(folder.glob("libtorch/lib/libtorch_cpu.*")) or not (folder / "libtorch/include/torch").is_dir():
        sys.exit(f"no libtorch in {', '.join(w.name for w in wheels)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    jobs = parser.add_subparsers(dest="job", required=True)
    toolkit = jobs.add_parser("cuda-toolkit")
    toolkit.add_argument("wheel", type=pathlib.Path)
    unpacking = jobs.add_parser("unpack")
    unpacking.add_argument("--into", type=pathlib.Path, required=True)
    unpacking.add_argument("wheels", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.job == "unpack":
        unpack(arguments.wheels, arguments.into)
    elif requirement := cuda_toolkit(arguments.wheel):
        print(requirement)


if __name__ == "__main__":
    main()
