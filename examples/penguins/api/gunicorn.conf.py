"""How gunicorn serves the API; settings are documented in gunicorn's manual under these names."""

import os

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8080')}"
workers = int(os.environ.get("WORKERS", "2"))
# The root file system is read-only in the cluster.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
# Below the pod's grace period, so that requests in flight are answered before the kill.
graceful_timeout = 20
