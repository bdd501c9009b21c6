"""The S3 protocol. The only place that imports boto3, botocore, obstore and urllib3."""
