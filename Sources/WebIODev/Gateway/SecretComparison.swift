/// Compares secrets without telling by the time taken how much of them is right.
func isEqualInConstantTime(_ given: String, _ secret: String) -> Bool {
  isEqualInConstantTime(Array(given.utf8), Array(secret.utf8))
}

/// Looks at every byte of what was given and at as many of the secret, wherever they differ: what it takes depends on the
/// length of the guess alone.
func isEqualInConstantTime<Given: RandomAccessCollection<UInt8>, Secret: RandomAccessCollection<UInt8>>(
  _ given: Given, _ secret: Secret
) -> Bool where Given.Index == Int, Secret.Index == Int {
  var difference = given.count ^ secret.count
  for index in given.indices {
    difference |= Int(given[index] ^ (secret.isEmpty ? 1 : secret[index % secret.count]))
  }
  return difference == 0
}
