# Writes data/mixed/synthetic_*.csv and data/mixed/insteval_part.csv. Every value is drawn here;
# the shapes are those on which mixed-model engines go wrong.
source("r/mixed_setup.R")
set.seed(20261122, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
keep <- function(frame, name) {
  path <- file.path("data", "mixed", paste0(name, ".csv"))
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
}
label <- function(letter, code) sprintf("%s%03d", letter, code)
digits4 <- function(x) round(x, 4)
draw <- function(codes, sd) rnorm(max(codes), 0, sd)[codes]

# Twelve schools by fifteen raters, a quarter of the cells empty, one to four rows in the others.
cell <- expand.grid(school = 1:12, rater = 1:15)
cell <- cell[runif(nrow(cell)) > 0.25, ]
cell <- cell[rep(seq_len(nrow(cell)), sample(1:4, nrow(cell), TRUE, c(0.5, 0.25, 0.15, 0.1))), ]
x <- rnorm(nrow(cell))
arm <- ifelse(cell$school %% 3 == 0, "a", ifelse(cell$school %% 3 == 1, "b", "c"))
y <- 3 + 0.5 * x + draw(cell$school, 0.8) + x * draw(cell$school, 0.4) +
  draw(cell$rater, 0.6) + x * draw(cell$rater, 0.3) + rnorm(nrow(cell))
keep(data.frame(school = label("s", cell$school), rater = label("r", cell$rater), arm = arm,
                x = digits4(x), w = digits4(runif(nrow(cell), 0.3, 2.5)),
                known = digits4(rnorm(nrow(cell), 0, 0.5)), y = digits4(y)), "synthetic_crossed")

# Forty families, up to twelve sessions, a third of them missed.
seen <- expand.grid(session = 0:11, family = 1:40)
seen <- seen[seen$session == 0 | runif(nrow(seen)) > 0.35, ]
y <- 4 + 0.15 * seen$session + draw(seen$family, 1.2) + seen$session * draw(seen$family, 0.12) +
  0.1 * seen$session * (seen$family %% 2) + rnorm(nrow(seen), 0, 0.9)
keep(data.frame(family = label("f", seen$family), arm = ifelse(seen$family %% 2 == 1, "programme", "usual"),
                session = seen$session, y = digits4(y)), "synthetic_missed")

# Sixty groups of two: alike, and unlike (so that the variance between groups is zero).
g <- rep(1:60, each = 2)
x <- rnorm(120)
unlike <- 1 + 0.5 * x + rep(rnorm(60), each = 2) * c(1, -1) + rnorm(120, 0, 0.3)
keep(data.frame(g = label("g", g), x = digits4(x), alike = digits4(1 + 0.5 * x + draw(g, 0.9) + rnorm(120, 0, 0.7)),
                unlike = digits4(unlike)), "synthetic_pairs")

# One group of four hundred, thirty of three.
g <- c(rep(1, 400), rep(2:31, each = 3))
x <- rnorm(490)
y <- 2 - 0.3 * x + draw(g, 0.7) + x * draw(g, 0.5) + rnorm(490)
keep(data.frame(g = label("g", g), x = digits4(x), y = digits4(y)), "synthetic_huge")

# A hundred and fifty levels in 190 rows: most have one.
g <- c(1:150, 1:40)
x <- rnorm(190)
keep(data.frame(g = label("g", g), x = digits4(x), y = digits4(x + draw(g, 1) + rnorm(190, 0, 0.6))),
     "synthetic_sparse")

# Eight councils, five groups in each, six sessions, slopes on both floors.
nest <- expand.grid(t = 0:5, group = 1:5, council = 1:8)
unit <- (nest$council - 1) * 5 + nest$group
y <- 1 + 0.3 * nest$t + draw(nest$council, 0.8) + nest$t * draw(nest$council, 0.25) +
  draw(unit, 0.5) + nest$t * draw(unit, 0.15) + rnorm(nrow(nest), 0, 0.5)
keep(data.frame(council = label("c", nest$council), group = label("g", nest$group), t = nest$t,
                y = digits4(y)), "synthetic_nested")

# Singular fits: a slope that is a multiple of the intercept, and two factors of which one is idle.
g <- rep(1:20, each = 6)
t <- rep(0:5, 20)
b <- rnorm(20, 0, 0.8)[g]
plus <- 1 + 0.2 * t + b * (1 + 0.5 * t) + rnorm(120)
# Most of what the noise adds to each group's own line is taken off it again.
noise <- rnorm(120)
noise <- noise - 0.8 * fitted(lm(noise ~ 0 + factor(g) + factor(g):t))
keep(data.frame(g = label("g", g), t = t, plus = digits4(plus),
                minus = digits4(1 + 0.2 * t + b * (1 - 0.5 * t) + noise)), "synthetic_alongside")
cell <- expand.grid(r = 1:2, a = 1:10, b = 1:8)
noise <- rnorm(nrow(cell))
noise <- noise - ave(noise, cell$b)
keep(data.frame(a = label("a", cell$a), b = label("b", cell$b),
                y = digits4(2 + draw(cell$a, 0.7) + noise)), "synthetic_idle")

# Events in areas by years with exposure: rates with an offset, over-dispersed counts.
cell <- expand.grid(year = 1:8, area = 1:25)
exposure <- round(runif(nrow(cell), 20, 400), 1)
rate <- exp(-3 + 0.4 * (cell$area %% 2) + draw(cell$area, 0.5) + draw(cell$year, 0.3))
keep(data.frame(area = label("a", cell$area), year = label("y", cell$year),
                arm = ifelse(cell$area %% 2 == 1, "programme", "usual"), exposure = exposure,
                events = rpois(nrow(cell), rate * exposure),
                visits = rnbinom(nrow(cell), mu = rate * exposure, size = 1.5)), "synthetic_rates")

# Proportions inside (0, 1) and positive times, in thirty groups of two to nine.
g <- rep(1:30, times = sample(2:9, 30, TRUE))
x <- rnorm(length(g))
mean <- plogis(0.3 + 0.6 * x + draw(g, 0.7))
share <- pmin(pmax(rbeta(length(g), mean * 8, (1 - mean) * 8), 0.001), 0.999)
time <- rgamma(length(g), shape = 3, scale = exp(1 + 0.3 * x + draw(g, 0.5)) / 3)
keep(data.frame(g = label("g", g), x = digits4(x), share = digits4(share),
                time = digits4(pmax(time, 0.01))), "synthetic_positive")

# Yes or no in eighty groups of two to four, with a slope; and ordered answers in five categories.
g <- rep(1:80, times = sample(2:4, 80, TRUE))
x <- rnorm(length(g))
eta <- -0.4 + 0.8 * x + draw(g, 1.1) + x * draw(g, 0.6)
answer <- cut(0.7 * x + draw(g, 1) + rlogis(length(g)), c(-Inf, -1.5, -0.3, 0.6, 1.8, Inf), labels = 1:5)
keep(data.frame(g = label("g", g), h = label("h", 1 + (g - 1) %/% 8), x = digits4(x),
                y = rbinom(length(g), 1, plogis(eta)), answer = as.integer(answer)), "synthetic_yesno")

# Part of InstEval: the first 150 students.
part <- read_data("InstEval")
keep(part[part$s <= 150, ], "insteval_part")

# Sessions attended and steps taken: slopes of families, workers who cross them, places above.
seen <- expand.grid(session = 0:7, family = 1:100)
worker <- sample(1:12, nrow(seen), TRUE)
place <- (seen$family - 1) %/% 7 + 1
shift <- 0.4 * (seen$family %% 2)
eta <- 0.6 - 0.12 * seen$session + shift + draw(seen$family, 0.9) + seen$session * draw(seen$family, 0.45) +
  draw(worker, 0.6) + draw(place, 0.6)
count <- rpois(nrow(seen), exp(0.5 + eta / 2) * rgamma(nrow(seen), 4, 4))
keep(data.frame(place = label("p", place), family = label("f", seen$family), worker = label("w", worker),
                arm = ifelse(seen$family %% 2 == 1, "programme", "usual"), session = seen$session,
                came = rbinom(nrow(seen), 1, plogis(eta)), count = count), "synthetic_sessions")
