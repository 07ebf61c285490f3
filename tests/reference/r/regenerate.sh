#!/bin/sh
# Regenerates values/*.json, data/*.csv and VERSIONS. Needs R with its package survival:
#   apt-get install r-base-core r-cran-survival
set -eu
cd "$(dirname "$0")/.."
Rscript --vanilla r/regenerate.R
