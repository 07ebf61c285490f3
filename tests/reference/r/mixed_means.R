# Writes values/mixed/means.json: marginal means beyond those of emmeans.json. Proportional
# weights, cells without rows, a covariate of two values, ordered responses, other contrasts and
# adjustments, joint tests, slopes of a curve. Run from tests/reference.
source("r/mixed_setup.R")
suppressPackageStartupMessages({
  library(lmerTest); library(pbkrtest); library(emmeans); library(ordinal); library(glmmTMB)
  library(mvtnorm)
})
lmer <- lme4::lmer
emm_options(msg.interaction = FALSE)
sets <- data_sets()
fit_of <- function(frame, formula) { d <<- frame; fit_lmer(formula, TRUE) }
frame_of <- function(x, ...) by_row(as.data.frame(summary(x, ...)))
cases <- list()

oats <- sets$Oats
oats$nitroF <- factor(oats$nitro)
short <- oats[-c(1:6, 9, 21), ]
fit <- fit_of(short, yield ~ nitroF + Variety + (1 | Block / Variety))
cases$shares <- list(
  equal = frame_of(emmeans(fit, "Variety")),
  proportional = frame_of(emmeans(fit, "Variety", weights = "proportional")),
  all = frame_of(emmeans(fit, ~1, weights = "proportional")))
holed <- oats[!(oats$nitro == 0.2 & oats$Variety == "Victory"), ]
fit <- fit_of(holed, yield ~ nitroF * Variety + (1 | Block / Variety))
cases$holed <- list(cells = frame_of(emmeans(fit, c("nitroF", "Variety"))),
                    margin = frame_of(emmeans(fit, "Variety")),
                    pairs = frame_of(pairs(emmeans(fit, "Variety"))))
ends <- oats[oats$nitro %in% c(0, 0.6), ]
fit <- fit_of(ends, yield ~ nitro * Variety + (1 | Block))
cases$two_values <- list(by = frame_of(emmeans(fit, "nitro")),
                         over = frame_of(emmeans(fit, "Variety")),
                         shares = frame_of(emmeans(fit, "Variety", weights = "proportional")))
fit <- fit_of(oats, yield ~ nitroF * Variety + (1 | Block / Variety))
means <- emmeans(fit, "nitroF")
cases$contrasts <- list(
  poly = frame_of(contrast(means, "poly")),
  eff = frame_of(contrast(means, "eff")),
  reference = frame_of(contrast(means, "trt.vs.ctrl", ref = 2), adjust = "none"),
  limits = frame_of(pairs(means), infer = c(TRUE, TRUE), adjust = "tukey"),
  sidak = frame_of(pairs(means), infer = c(TRUE, TRUE), adjust = "sidak"),
  fdr = frame_of(pairs(means), adjust = "fdr"),
  joint = by_row(as.data.frame(test(pairs(means), joint = TRUE))))
# The whole-number degrees of freedom of the contrasts, 45, let pmvt be exact to its error bound.
dunnett <- contrast(means, "trt.vs.ctrl")
R <- cov2cor(vcov(dunnett))
sharp <- GenzBretz(maxpts = 2e5, abseps = 1e-6, releps = 0)
set.seed(1)
cases$contrasts$dunnett <- vapply(frame_of(dunnett)$t.ratio, function(t)
  c(1 - pmvt(rep(-abs(t), 3), rep(abs(t), 3), df = 45, corr = R, algorithm = sharp)), 0)
fit <- fit_of(oats, yield ~ poly(nitro, 2) + Variety + (1 | Block / Variety))
cases$curve <- frame_of(emtrends(fit, "nitro", var = "nitro", at = list(nitro = c(0.2, 0.3)),
                                  delta.var = 1e-7),
                        infer = c(TRUE, TRUE))

wine <- sets$wine
fit <- clmm(rating ~ temp + contact + (1 | judge), wine)
joint <- function(mode, specs) frame_of(emmeans(fit, specs, mode = mode))
cases$wine <- list(latent = joint("latent", "contact"), mean = joint("mean.class", "contact"),
                   prob = joint("prob", ~ rating | contact),
                   pairs = frame_of(pairs(emmeans(fit, c("temp", "contact"), mode = "latent"))))
d <- sets$cbpp
fit <- glmmTMB(cbind(incidence, size - incidence) ~ period + (1 | herd), d, binomial("probit"))
means <- emmeans(fit, "period", df = Inf, type = "response")
cases$probit <- list(emm = frame_of(means), pairs = frame_of(pairs(means)))
save_json(cases, "means.json", c("emmeans", "lme4", "lmerTest", "pbkrtest", "ordinal", "glmmTMB",
                                 "mvtnorm"))
