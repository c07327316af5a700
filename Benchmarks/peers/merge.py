#!/usr/bin/env python3
"""The peer for merging models: mergekit.

    merge.py --config FILE --out FOLDER [--threads 2]

Merges as mergekit's own command does by default, without a model card. One JSON line with the fields of Grove's own
`grove bench merge --json`; the time is that of the merge, without the start of Python and its imports.
"""

import argparse
import contextlib
import importlib.metadata
import json
import logging
import resource
import sys
import time

import mergekit.config
import mergekit.merge
import mergekit.options
import torch
import yaml

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--config", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()

torch.set_num_threads(options.threads)
logging.disable(logging.ERROR)
with open(options.config) as file:
    config = mergekit.config.MergeConfiguration.model_validate(yaml.safe_load(file))
began = time.perf_counter()
with contextlib.redirect_stdout(sys.stderr):
    mergekit.merge.run_merge(config, options.out, mergekit.options.MergeOptions(quiet=True, write_model_card=False))
seconds = time.perf_counter() - began
print(
    json.dumps(
        {
            "engine": f"mergekit {importlib.metadata.version('mergekit')}, torch {torch.__version__}",
            "seconds": seconds,
            "peakResidentBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)
