"""Long work in its own process: a job is a process, a folder ``workspace/jobs/<id>/`` and a status file.

The process outlives a page, a browser and the dashboard itself; whoever wants to know how it stands reads the folder:

====================  ================================================================
``config.json``       what was asked for: module, title, settings
``process.json``      which process works on it, so that another with the same number is not taken for it
``status.json``       state, share done, message, result or the sentence that says what went wrong
``history.jsonl``     one line a set of measurements (a loss, an accuracy), for a chart that grows
``log``               everything the process printed, tracebacks included
``cancel``            somebody wishes it to stop
``exit.json``         how the process ended, where that was seen
====================  ================================================================
"""

from core.jobs.job import Job, JobStatus, State, cancel, delete_job, find_job, list_jobs, log_tail, start
from core.jobs.worker import JobProgress, run_as_job

__all__ = [
    "Job",
    "JobProgress",
    "JobStatus",
    "State",
    "cancel",
    "delete_job",
    "find_job",
    "list_jobs",
    "log_tail",
    "run_as_job",
    "start",
]
