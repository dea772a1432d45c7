extension WebSocket {
  /// Joins it to another WebSocket, which is two streams: `messages` that come there go out here, and what comes here goes to
  /// `send`. Both wait for the slower one, so that nothing piles up between them.
  ///
  ///     let end = try await socket.relay(inbound) { try await outbound.write($0) }
  ///     try await outbound.close(end.code, end.reason)
  ///
  /// It returns when either side has ended or its task is cancelled, and tells what to close the other side with: the code and
  /// reason that came here, or 1001 when it ended there. This side is closed then.
  @discardableResult
  public func relay<Messages: AsyncSequence & Sendable>(
    _ messages: Messages, send: @escaping @Sendable (Message) async throws -> Void
  ) async -> Closing where Messages.Element == Message {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        do { for try await message in messages { try await self.send(message) } } catch {}
      }
      group.addTask { [self] in
        do { for await message in self { try await send(message) } } catch {}
      }
      await group.next()
      // Before the other direction is awaited: it may be in the middle of a message that nobody takes any more.
      let ended = await closing
      await close(code: WebSocketCloseCode.goingAway)
      group.cancelAll()
      return ended ?? Closing(code: 1001, reason: "")
    }
  }
}
