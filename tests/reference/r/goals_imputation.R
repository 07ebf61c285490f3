# Rubin's rules by mice; two-level imputation by jomo of ratings with dropout; a model of
# who answers by glm. Run in the folder above: Rscript --vanilla r/goals_imputation.R
suppressPackageStartupMessages({
  library(mice); library(jomo)
})
number <- function(x) ifelse(is.finite(x), sprintf("%.17g", x), "null")
listed <- function(x) if (length(x) == 1) number(x) else
  paste0("[", paste(number(x), collapse = ", "), "]")
object <- function(parts) paste0("{", paste0('"', names(parts), '": ', parts, collapse = ", "), "}")

pooled <- function(q, u, dfcom) {
  p <- pool.scalar(q, u, n = dfcom + 1, k = 1)
  object(lapply(list(q = q, u = u, dfcom = dfcom, qbar = p$qbar, ubar = p$ubar, b = p$b, t = p$t,
                     df = p$df, fmi = p$fmi), listed))
}
set.seed(20261122)
pools <- c(
  pooled(c(1.2, 1.5, 0.9, 1.3, 1.1), c(0.04, 0.05, 0.045, 0.05, 0.042), 30),
  pooled(rnorm(20, 2, 0.1), runif(20, 0.01, 0.02), 7),
  pooled(rnorm(20, 0.6, 0.02), runif(20, 0.001, 0.002), Inf)
)

# One goal a parent, six sessions; those who leave do so on their last rating.
n <- 150
stage <- 0:5 / 5
u <- rnorm(n, 0, 1.2); v <- rnorm(n, 0, 1.3) - 0.3 * u
y <- 3 + u + outer(rep(1, n), stage) * (2 + v) + rnorm(n * 6, 0, 1.1)
y <- round(y, 4)
for (k in 2:6) {
  hazard <- plogis(-2.0 - 0.5 * (y[, k - 1] - 4))
  leaves <- is.na(y[, k - 1]) | runif(n) < hazard
  y[leaves, k] <- NA
}
long <- data.frame(parent = rep(seq_len(n), each = 6), session = rep(1:6, n), score = c(t(y)))
write.csv(long, file.path("data", "goals", "dropout.csv"), row.names = FALSE)

moments <- function(ends) {
  change <- rowMeans(ends - matrix(y[, 1], nrow(ends), n, byrow = TRUE))
  object(lapply(list(mean = mean(change), sd = sd(change), draws = length(change)), listed))
}
draws <- 1000
s <- rep(stage, n)
sink(tempfile())
made <- jomo1rancon(data.frame(score = long$score), X = data.frame(one = 1, s = s),
                    Z = data.frame(one = 1, s = s), clus = data.frame(parent = long$parent),
                    nburn = 1000, nbetween = 20, nimp = draws, output = 0)
sink()
ends <- matrix(made$score[made$Imputation > 0], ncol = draws)[seq(6, 6 * n, 6), ]
by_jomo <- moments(t(ends))

# Weights by the inverse of a fitted chance, with the sandwich of both steps written out.
x <- rnorm(n); z <- rbinom(n, 1, 0.4)
group <- rep(seq_len(n / 6), each = 6)
outcome <- 1 + 0.5 * x + rnorm(n) + rnorm(n / 6, 0, 0.5)[group]
answered <- rbinom(n, 1, plogis(0.4 + 0.8 * x - 0.6 * z))
fit <- glm(answered ~ x + z, family = binomial, control = list(epsilon = 1e-14, maxit = 50))
p <- fitted(fit); Z <- model.matrix(fit)
mu <- sum(answered * outcome / p) / sum(answered / p)
theta_scores <- cbind(Z * (answered - p), answered / p * (outcome - mu))
bread <- matrix(0, 4, 4)
bread[1:3, 1:3] <- t(Z) %*% (Z * p * (1 - p))
bread[4, 1:3] <- colSums(answered * (1 - p) / p * (outcome - mu) * Z)
bread[4, 4] <- sum(answered / p)
meat <- crossprod(rowsum(theta_scores, group)) * (n / 6) / (n / 6 - 1)
variance <- solve(bread) %*% meat %*% t(solve(bread))
weights <- object(lapply(list(x = x, z = z, group = group, outcome = outcome, answered = answered,
                              alpha = unname(coef(fit)), mean = mu,
                              std_error = sqrt(variance[4, 4])), listed))

versions <- vapply(c("mice", "jomo"), function(p) paste(p, packageVersion(p)), "")
source_note <- paste(c(R.version.string, versions), collapse = ", ")
writeLines(c("{", paste0('"source": "', source_note, '",'),
             paste0('"pool": [', paste(pools, collapse = ",\n"), "],"),
             paste0('"jomo": ', by_jomo, ","),
             paste0('"weights": ', weights), "}"),
           file.path("values", "goals", "imputation.json"))
