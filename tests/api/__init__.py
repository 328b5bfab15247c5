"""What the client of HeyMilo's API promises, against a HeyMilo on a real port."""
