// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics

extension ByteRing {
    /// Carries one source from its first byte to its last. The reader gets the last bytes only
    /// after `judge` has accepted all bytes.
    ///
    /// - Parameters:
    ///   - fill: writes all bytes into the ring, but does not finish it.
    ///   - judge: receives the result of `fill` and the number of bytes, once every observer has
    ///     seen them all.
    /// - Returns: the result of `judge`. An error of either closure also fails the ring, and so
    ///   does a cancellation.
    package func carry<Filled, Judged>(
        from fill: () async throws -> Filled, judgedBy judge: (Filled, Int64) throws -> Judged
    ) async -> Result<Judged, TranshipError> {
        await withTaskCancellationHandler {
            do {
                let filled = try await fill()
                finishWriting()
                let judged = try judge(filled, try await finished())
                release()
                return .success(judged)
            } catch {
                let error = TranshipError(wrapping: error)
                fail(error)
                return .failure(error)
            }
        } onCancel: {
            fail(Self.cancelled)
        }
    }
}
