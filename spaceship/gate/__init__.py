"""Promotion gate: the policy of `gate=`, its rules, and the verdict on a candidate."""
