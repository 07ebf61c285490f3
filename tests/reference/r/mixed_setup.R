# What the scripts for the mixed models share: data, JSON with 17 significant digits, and
# lme4 fits carried to the optimum (its own optimisers stop within their tolerance of it).
suppressPackageStartupMessages({
  library(lme4); library(numDeriv)
})
options(warn = 1, contrasts = c("contr.treatment", "contr.poly"))

to_json <- function(x, indent = "") {
  inner <- paste0(indent, " ")
  lines <- function(parts, open, close)
    if (!length(parts)) paste0(open, close)
    else paste0(open, "\n", paste0(inner, parts, collapse = ",\n"), "\n", indent, close)
  if (is.null(x)) return("null")
  if (is.data.frame(x)) {
    names <- row.names(x)
    x <- lapply(seq_len(nrow(x)), function(i) {
      row <- as.list(x[i, , drop = FALSE])
      if (is.character(attr(x, "row.names"))) c(row, list(`_row` = names[i])) else row
    })
  }
  if (is.matrix(x)) {
    rows <- apply(x, 1, function(row) paste0("[", paste(scalar(row), collapse = ", "), "]"))
    return(lines(rows, "[", "]"))
  }
  if (is.factor(x)) x <- as.character(x)
  if (is.list(x)) {
    body <- vapply(x, to_json, "", indent = inner, USE.NAMES = FALSE)
    if (is.null(names(x))) return(lines(body, "[", "]"))
    return(lines(paste0('"', names(x), '": ', body), "{", "}"))
  }
  if (!is.null(names(x))) return(to_json(as.list(x), indent))
  if (length(x) == 1 && !inherits(x, "AsIs")) scalar(x)
  else paste0("[", paste(scalar(unclass(x)), collapse = ", "), "]")
}
scalar <- function(x) {
  if (is.character(x)) ifelse(is.na(x), "null", paste0('"', gsub('"', '\\\\"', x), '"'))
  else if (is.logical(x)) ifelse(is.na(x), "null", ifelse(x, "true", "false"))
  else ifelse(is.finite(x), sprintf("%.17g", x), "null")
}
save_json <- function(cases, name, packages) {
  versions <- paste(packages, vapply(packages, function(p) format(packageVersion(p)), ""))
  source_note <- paste(c(R.version.string, versions), collapse = ", ")
  writeLines(to_json(list(source = source_note, cases = cases)), file.path("values", "mixed", name))
}

read_data <- function(name, ...) {
  path <- file.path("data", "mixed", paste0(name, ".csv"))
  if (!file.exists(path)) path <- paste0(path, ".gz")
  read.csv(path, ...)
}
as_factors <- function(frame, columns) {
  for (column in columns) frame[[column]] <- factor(frame[[column]])
  frame
}
data_sets <- function() {
  d <- list()
  d$sleepstudy <- as_factors(read_data("sleepstudy"), "Subject")
  d$sleepstudy$w <- read_data("sleepstudy_weights")$w
  for (name in c("Dyestuff", "Dyestuff2")) d[[name]] <- as_factors(read_data(name), "Batch")
  d$Pastes <- as_factors(read_data("Pastes"), c("batch", "cask", "sample"))
  d$Penicillin <- as_factors(read_data("Penicillin"), c("plate", "sample"))
  d$Machines <- as_factors(read_data("Machines"), c("Worker", "Machine"))
  d$Oats <- as_factors(read_data("Oats"), c("Block", "Variety"))
  d$Orthodont <- as_factors(read_data("Orthodont"), c("Subject", "Sex"))
  d$BodyWeight <- as_factors(read_data("BodyWeight"), c("Rat", "Diet"))
  for (name in c("InstEval", "insteval_part"))
    d[[name]] <- as_factors(read_data(name), c("s", "d", "dept"))
  d$goalprogress <- as_factors(read_data("goalprogress"),
                               c("council", "group", "family", "facilitator"))
  d$goalprogress$arm <- factor(d$goalprogress$arm, levels = c("usual", "programme"))
  d$goalprogress$pos <- exp((d$goalprogress$goal - 5) / 4)
  d$goalprogress$ratingF <- factor(d$goalprogress$rating, ordered = TRUE)
  d$cbpp <- as_factors(read_data("cbpp"), c("herd", "period"))
  d$cbpp$row <- factor(seq_len(nrow(d$cbpp)))
  d$cbpp$prop <- d$cbpp$incidence / d$cbpp$size
  d$grouseticks <- as_factors(read_data("grouseticks"), c("INDEX", "BROOD", "YEAR", "LOCATION"))
  d$wine <- as_factors(read_data("wine"), c("temp", "contact", "bottle", "judge"))
  d$wine$rating <- factor(d$wine$rating, ordered = TRUE)
  d$Salamanders <- as_factors(read_data("Salamanders"), c("site", "sample", "spp", "mined"))
  d$Salamanders$mined <- factor(d$Salamanders$mined, levels = c("no", "yes"))
  d$singular_zero <- as_factors(read_data("singular_zero"), "g")
  d$separation <- as_factors(read_data("separation"), "g")
  for (name in sub(".csv", "", list.files(file.path("data", "mixed"), "^synthetic_"), fixed = TRUE))
    d[[name]] <- as_factors(read_data(name), names(Filter(is.character, read_data(name))))
  d
}

# --- lme4 at the optimum -------------------------------------------------------------------
# Newton steps on the free parameters with numDeriv's derivatives, as long as the deviance falls.
polish <- function(fn, par, lower, upper, control) {
  first <- nlminb(par, fn, lower = lower, upper = upper,
                  control = list(eval.max = 4000, iter.max = 4000, rel.tol = 1e-15, x.tol = 1e-12))
  second <- minqa::bobyqa(first$par, fn, lower = lower, upper = upper,
                          control = list(rhobeg = 0.1, rhoend = 1e-9, maxfun = 20000))
  par <- if (second$fval < first$objective) second$par else first$par
  value <- fn(par)
  for (step in 1:6) {
    free <- which(par - lower > 1e-5)
    if (!length(free)) break
    part <- function(x) fn(replace(par, free, x))
    gradient <- grad(part, par[free])
    move <- try(solve(hessian(part, par[free]), gradient), silent = TRUE)
    if (inherits(move, "try-error")) break
    trial <- pmax(replace(par, free, par[free] - move), lower)
    if (fn(trial) > value + 1e-9) break
    par <- trial
    value <- fn(par)
    if (max(abs(move)) < 1e-10) break
  }
  par[par - lower < 1e-5 & lower == 0] <- 0
  if (fn(par) > value + 1e-7) stop("an edge that is none")
  list(par = par, fval = fn(par), conv = 0, message = "polished", feval = 0)
}
quiet <- list(calc.derivs = FALSE, check.conv.grad = "ignore", check.conv.singular = "ignore",
              check.conv.hess = "ignore")
# Both fit the global data frame `d`; the call is what update() needs later.
lmer_control <- function(...) do.call(lmerControl, c(list(...), quiet))
at_optimum <- lmer_control(optimizer = polish, restart_edge = FALSE, boundary.tol = 0)
fit_lmer <- function(formula, reml, weights = NULL, control = quote(at_optimum)) {
  call <- list(quote(lmer), formula, data = quote(d), REML = reml, control = control)
  if (!is.null(weights)) call$weights <- as.name(weights)
  eval(as.call(call), globalenv())
}
by_row <- function(frame) { row.names(frame) <- NULL; frame }
random_effects <- function(fit) {
  modes <- ranef(fit, condVar = TRUE)
  lapply(modes, function(block) {
    variance <- attr(block, "postVar")
    if (is.list(variance)) {
      sds <- do.call(cbind, lapply(variance, function(v) sqrt(apply(v, 3, diag))))
    } else {
      sds <- apply(variance, 3, function(v) sqrt(diag(as.matrix(v))))
      sds <- if (is.matrix(sds)) t(sds) else matrix(sds, ncol = 1)
    }
    head <- seq_len(min(5, nrow(block)))
    list(levels = I(row.names(block)[head]), effects = I(names(block)),
         mode = as.matrix(block)[head, , drop = FALSE], cond_sd = sds[head, , drop = FALSE],
         n_levels = nrow(block))
  })
}
