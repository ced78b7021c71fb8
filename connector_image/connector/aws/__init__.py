"""What every service of AWS needs: an identity, a signature, an endpoint, and the meaning of its errors."""
