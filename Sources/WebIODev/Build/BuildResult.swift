/// What became of a build.
package enum BuildResult: Sendable, Equatable {
  case built(executable: String, milliseconds: Int)
  case failed([Diagnostic], log: [String])
}
