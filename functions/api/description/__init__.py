"""The API's description of itself: the OpenAPI document, and the page made from it. Nothing here serves a job.

`python -m functions.api.description.openapi` prints the document, which is kept as `docs/openapi.json`.
"""
