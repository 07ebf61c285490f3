# Writes values/goals/trajectory.json: the models of a trajectory of goal ratings, synthetic, with
# groups and parents in none, by lme4 and ordinal. Run from tests/reference.
source("r/mixed_setup.R")
suppressPackageStartupMessages(library(ordinal))

goals <- read.csv("data/goals/trajectory.csv", stringsAsFactors = FALSE)
parents <- goals[!duplicated(goals$episode_id), ]
centred <- function(column, level)
  (goals[[column]] == level) - mean(parents[[column]] == level)
goals$xm <- centred("mode", "in_person")
goals$xr <- centred("resident", "non_resident")
goals$xs <- centred("send_child", "yes")
in_group <- goals$group_id != "" & !is.na(goals$group_id)
goals$group <- ifelse(in_group, goals$group_id, paste("alone", goals$episode_id))
goals$grouped_stage <- in_group * goals$stage
goals$goal <- paste(goals$episode_id, goals$item)
rated <- goals[goals$state == "rated", ]
formula <- score ~ stage + xm + xr + xs + stage:xm + stage:xr + stage:xs +
  (1 + stage | episode_id) + (1 | goal) + (0 + grouped_stage | group)

linear <- lmer(formula, rated, REML = TRUE, control = lmerControl(optimizer = "bobyqa",
  optCtrl = list(rhoend = 1e-10, maxfun = 1e5), calc.derivs = FALSE))
sds <- as.data.frame(VarCorr(linear))
spread <- function(group, name)
  sds$sdcor[sds$grp == group & sds$var1 %in% name & is.na(sds$var2)]

rated$ordered <- factor(rated$score, ordered = TRUE)
ordinal <- clmm(update(formula, ordered ~ .), rated, link = "probit", gradTol = 1e-7,
                control = clmm.control(innerCtrl = "noWarn", maxLineIter = 200, gradTol = 1e-7))
b <- ordinal$beta
G <- VarCorr(ordinal)
points <- as.numeric(levels(rated$ordered))
expected <- function(at) {
  xs <- as.matrix(goals[!duplicated(goals$episode_id), c("xm", "xr", "xs")])
  eta <- at * b["stage"] + xs %*% b[c("xm", "xr", "xs")] +
    at * xs %*% b[c("stage:xm", "stage:xr", "stage:xs")]
  z <- c(1, at)
  grouped <- in_group[!duplicated(goals$episode_id)]
  variance <- 1 + drop(t(z) %*% G$episode_id %*% z) + drop(G$goal) + at^2 * drop(G$group) * grouped
  above <- sapply(ordinal$Theta[1, ], function(cut) pnorm((eta - cut) / sqrt(variance)))
  mean(points[1] + above %*% diff(points))
}
answer <- list(
  linear = list(
    stage = unname(fixef(linear)["stage"]), log_lik = as.numeric(logLik(linear)),
    start = unname(fixef(linear)["(Intercept)"]), sigma = sigma(linear),
    std_error = sqrt(as.matrix(vcov(linear))["stage", "stage"]),
    parent_start = spread("episode_id", "(Intercept)"), parent_slope = spread("episode_id", "stage"),
    goal = spread("goal", "(Intercept)"), group_slope = spread("group", "grouped_stage")),
  ordinal = list(
    log_lik = as.numeric(logLik(ordinal)), start = expected(0), end = expected(1),
    parent_start = sqrt(G$episode_id[1, 1]), parent_slope = sqrt(G$episode_id[2, 2]),
    goal = sqrt(drop(G$goal)), group_slope = sqrt(drop(G$group))))
versions <- vapply(c("lme4", "ordinal"), function(p) paste(p, packageVersion(p)), "")
source_note <- paste(c(R.version.string, versions), collapse = ", ")
writeLines(to_json(list(source = source_note, cases = answer)),
           file.path("values", "goals", "trajectory.json"))
