structure A {}
