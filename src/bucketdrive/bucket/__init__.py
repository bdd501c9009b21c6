"""The store behind the bucket port: wrappers here, the vendor's protocol in `s3`."""
