"""What a paper about goals asks of the estimators; what can't be estimated becomes a note."""

from rpcstats.designs.goal_paper.answers import GoalAnswers, goal_answers, goal_couples
from rpcstats.designs.goal_paper.course import GoalCourse, goal_course
from rpcstats.designs.goal_paper.estimands import GoalEstimands, goal_estimands
from rpcstats.designs.goal_paper.readings import GoalReadings, goal_readings
from rpcstats.designs.goal_paper.tipping import GoalTipping, goal_tipping

__all__ = [
    "GoalAnswers",
    "GoalCourse",
    "GoalEstimands",
    "GoalReadings",
    "GoalTipping",
    "goal_answers",
    "goal_couples",
    "goal_course",
    "goal_estimands",
    "goal_readings",
    "goal_tipping",
]
