"""What the product may do in Azure: which call needs which permission, and the roles made of that."""
