"""Goals: scoring, change, progress, and what each figure about it estimates."""

from rpcstats.goals.agreement import Satisfaction
from rpcstats.goals.attainment import AttainmentScores, gas_t_score
from rpcstats.goals.change import goal_change
from rpcstats.goals.change_classes import ChangeClasses
from rpcstats.goals.clinical import ClinicalChange, clinical_change
from rpcstats.goals.completers import completers_change
from rpcstats.goals.couples import CoupleChange, couple_change
from rpcstats.goals.cut_offs import cut_off_between
from rpcstats.goals.dyads import ActorPartner, actor_partner
from rpcstats.goals.estimand import EstimandResult
from rpcstats.goals.goal_trajectory import GoalTrajectory
from rpcstats.goals.instruments import TotalScores, total_scores
from rpcstats.goals.parent_change import GoalChange
from rpcstats.goals.progress import progress
from rpcstats.goals.readings import ProgressReadings
from rpcstats.goals.reliable import ReliableChange, reliable_change
from rpcstats.goals.satisfaction import satisfaction
from rpcstats.goals.trajectories import goal_trajectory

__all__ = [
    "ActorPartner",
    "AttainmentScores",
    "ChangeClasses",
    "ClinicalChange",
    "CoupleChange",
    "EstimandResult",
    "GoalChange",
    "GoalTrajectory",
    "ProgressReadings",
    "ReliableChange",
    "Satisfaction",
    "TotalScores",
    "actor_partner",
    "clinical_change",
    "completers_change",
    "couple_change",
    "cut_off_between",
    "gas_t_score",
    "goal_change",
    "goal_trajectory",
    "progress",
    "reliable_change",
    "satisfaction",
    "total_scores",
]
