"""The room opens without the heavy libraries."""

import subprocess
import sys


def test_importing_the_room_loads_no_heavy_library():
    code = (
        "import sys, rpcstats.survival\n"
        "heavy = {'scipy.stats', 'statsmodels', 'matplotlib', 'formulaic', 'seaborn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
