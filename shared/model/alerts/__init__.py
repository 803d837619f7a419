"""Alerts: what a person has to know about jobs, told once. Pure: no AWS, no clock, no I/O.

`rule` says what is worth an alert, `judgement` finds it in a change of a job, `alert` and `moves` are the alert and how
it goes on, `escalation` who is told when, `notification` what they are told.
"""
