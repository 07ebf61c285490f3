#!/bin/sh
# Regenerates values/, VERSIONS and those data sets that are drawn. Needs R; all of it is in
# Debian 12:
#   apt-get install r-base-core r-cran-survival r-cran-lme4 r-cran-lmertest r-cran-pbkrtest \
#     r-cran-ordinal r-cran-glmmtmb r-cran-emmeans r-cran-clubsandwich r-cran-nlme \
#     r-cran-numderiv r-cran-performance r-cran-mice r-cran-geepack r-cran-cmprsk r-cran-mets \
#     r-cran-pec r-cran-riskregression r-cran-km.ci r-cran-mvtnorm r-cran-brglm2 r-cran-nnet \
#     r-cran-sandwich r-cran-jomo
# The mixed models take about twenty minutes.
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1
Rscript --vanilla r/regenerate.R
for part in data lmm glmm clmm other means; do
  Rscript --vanilla "r/mixed_$part.R"
done
for part in cox predict checks frailty competing curves discrete parametric states drawn unseen \
  mixed_unseen; do
  Rscript --vanilla "r/survival_$part.R"
done
Rscript --vanilla r/goals_dyads.R
Rscript --vanilla r/goals_imputation.R
Rscript --vanilla r/goals_joint.R
Rscript --vanilla r/goals_joint_ordinal.R
Rscript --vanilla r/goals_trajectory.R
for room in mixed survival goals; do
  packages=$(grep -h '"source"' values/$room/*.json | tr ',"' '\n\n' | grep '[0-9][.]' |
    grep -v '^R version' | sed 's/^ *//' | LC_ALL=C sort -u | paste -sd , | sed 's/,/, /g')
  echo "$room: $packages" >> VERSIONS
done
