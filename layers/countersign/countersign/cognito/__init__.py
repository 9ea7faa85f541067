"""Amazon Cognito's triggers: texts of a user pool over our routes, and sign-in without a password."""
