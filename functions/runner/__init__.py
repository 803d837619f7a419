"""Runs foreign code: registered tasks and commands, each in a child process of its own.

Its role may write logs and nothing else, so nothing in reach of that code is worth stealing. It imports neither
`shared` nor another function, and its deployment holds this folder and `tasks/` only.
"""
