"""One folder per Lambda function: `handler.py` turns AWS's event into a use case and its answer back; the use cases are
files named by their verb. Functions never import one another."""
