"""All benchmarks in one run: python benchmarks. Each prints ratios against something that runs beside it."""

import subprocess
import sys
from pathlib import Path

for script in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    print(f"\n== {script.stem}", flush=True)
    subprocess.run([sys.executable, str(script), *sys.argv[1:]], check=True)
