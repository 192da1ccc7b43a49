// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams

/// Reads one image over several connections, one part over each, and writes the parts into one ring
/// in order.
///
/// One connection carries at most a window of bytes in a round trip, so one connection to a distant
/// source does not fill a fast link. The first bytes come over one connection. Then as many bytes
/// come over several. The two times decide how the rest is read, and how later images of the source
/// are read.
///
/// The head of every part proves that it belongs to the same version. After the first part, only
/// whole parts enter the ring. Everything after the ring is unchanged: digests, the last bytes and
/// the bandwidth limit see one stream.
struct PartedReading: Sendable {
    /// Reads one part. If the answer does not prove to be that part of the same version, throws
    /// ``TranshipError/Code/rangeNotSatisfiable`` before the first byte.
    typealias Fetch =
        @Sendable (_ part: ClosedRange<Int64>, _ ring: ByteRing) async throws(TranshipError) -> Void

    let connections: SourceConnections
    let endpoint: String
    /// The maximum number of connections to the endpoint, if the pipeline file sets one.
    let limit: Int?
    /// The size of the whole data; nil if unknown.
    let totalBytes: Int64?
    /// The shortest time in which the source answered; nil if unknown.
    let answerSeconds: Double?
    let wait: @Sendable (Double) async -> Void
    let fetch: Fetch

    /// The number of requests for a part whose connection broke.
    private static let triesMax = 3
    private static let waitSeconds = 0.2

    /// Reads as long as several connections are faster.
    ///
    /// - Returns: the offset of the first byte that was not read: `first` if one connection should
    ///   read everything, the size if nothing is left.
    /// - Throws: as ``ImageSource/read(_:from:into:tell:)``. The data that is in the ring by then
    ///   is complete and in order.
    func read(from first: Int64, into ring: ByteRing) async throws(TranshipError) -> Int64 {
        let seconds = connections.answerSeconds.map { $0() } ?? answerSeconds
        let verdict = connections.verdict(on: endpoint)
        guard let totalBytes, totalBytes - first >= connections.worthBytesMin,
            let seconds, seconds >= SourceConnections.answerSecondsMin, verdict != .paysNot,
            connections.take(SourceConnections.extraMin, at: endpoint, limit: limit)
        else { return first }
        var passage = Passage(
            first: first, total: totalBytes, lanes: 1 + SourceConnections.extraMin)
        defer { connections.giveBack(passage.lanes - 1, at: endpoint) }

        let count = verdict == .pays ? connections.partBytes : connections.openingBytes
        let began = connections.nowNanoseconds()
        guard try await open(first...first + count - 1, ring) else { return first }
        let now = connections.nowNanoseconds()
        if verdict == .unknown {
            passage.trial = Trial(bytes: count, aloneNanoseconds: now - began)
        }
        passage.skip(count, at: now)
        return try await pass(&passage, into: ring)
    }

    /// Reads the first bytes over one connection.
    ///
    /// - Returns: false if the source refuses to send them as a part. The ring is then empty.
    private func open(
        _ part: ClosedRange<Int64>, _ ring: ByteRing
    ) async throws(TranshipError) -> Bool {
        let before = ring.writtenBytes
        do throws(TranshipError) {
            try await fetch(part, ring)
            connections.served(by: endpoint)
            return true
        } catch {
            guard ring.writtenBytes == before, ring.failure == nil, !Task.isCancelled,
                error.isRefusedPart || (error.answer != nil && !error.isTransient)
            else { throw error }
            // If the refusal has another cause, the request for the whole data fails, too, and
            // shows it.
            if error.isRefusedPart { connections.refused(by: endpoint) }
            return false
        }
    }

    // MARK: Parts

    /// The time that one connection took for some bytes, to compare with several connections.
    struct Trial {
        let bytes: Int64
        let aloneNanoseconds: UInt64
    }

    /// The progress of the reading.
    private struct Passage {
        let total: Int64
        /// The number of connections for this image, each with one part.
        var lanes: Int
        var trial: Trial?
        /// The offset of the first byte that is not in the ring.
        private(set) var reached: Int64
        /// The offset of the first byte that no request covers.
        var next: Int64
        private var beganAt: Int64 = 0
        private(set) var beganNanoseconds: UInt64 = 0
        /// The number of parts that were requested and are not in the ring.
        var underway = 0
        /// The finished parts, by the offset of their first byte.
        var done: [Int64: Result<ByteRing, TranshipError>] = [:]
        /// The number of parts that the ring waited for, and of those that waited for the ring.
        var late = 0
        var early = 0
        /// True if no more parts are requested.
        var isEnding = false

        init(first: Int64, total: Int64, lanes: Int) {
            self.total = total
            self.lanes = lanes
            reached = first
            next = first
        }

        mutating func skip(_ count: Int64, at nanoseconds: UInt64) {
            reached += count
            next = reached
            beganAt = reached
            beganNanoseconds = nanoseconds
        }

        mutating func moved(_ count: Int64) {
            reached += count
            underway -= 1
        }

        var isOver: Bool { reached >= total || (isEnding && underway == 0) }
        var movedBytes: Int64 { reached - beganAt }
    }

    private enum Event: Sendable {
        case part(first: Int64, Result<ByteRing, TranshipError>)
        case ringFailed(TranshipError)
    }

    private func pass(
        _ given: inout Passage, into ring: ByteRing
    ) async throws(TranshipError) -> Int64 {
        var passage = given
        let result = await withTaskGroup(of: Event.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                // While the parts are slow, nothing else notices that the target broke.
                do throws(TranshipError) {
                    _ = try await ring.finished()
                    return .ringFailed(TranshipError(.interrupted, "the ring has ended"))
                } catch {
                    return .ringFailed(error)
                }
            }
            do throws(TranshipError) {
                while !passage.isOver { try await step(&passage, &group, ring) }
                return Result<Int64, TranshipError>.success(passage.reached)
            } catch {
                return .failure(error)
            }
        }
        given = passage
        return try result.get()
    }

    /// Requests as many parts as there are connections, and writes the next one into the ring.
    private func step(
        _ passage: inout Passage, _ group: inout TaskGroup<Event>, _ ring: ByteRing
    ) async throws(TranshipError) {
        adjust(&passage)
        while !passage.isEnding, passage.underway < passage.lanes, passage.next < passage.total {
            let first = passage.next
            let last = min(first + connections.partBytes, passage.total) - 1
            passage.next = last + 1
            passage.underway += 1
            group.addTask { .part(first: first, await part(first...last)) }
        }
        let isThere = passage.done[passage.reached] != nil
        if isThere { passage.early += 1 } else { passage.late += 1 }
        while passage.done[passage.reached] == nil {
            switch await group.next() {
            case .part(let first, let result): passage.done[first] = result
            case .ringFailed(let error): throw error
            case nil: throw TranshipError(wrapping: CancellationError())
            }
        }
        guard let result = passage.done.removeValue(forKey: passage.reached) else { return }
        switch result {
        case .success(let buffer):
            try await BlockingWork.run(failingOnCancel: ring) { try buffer.pour(into: ring) }
            passage.moved(buffer.writtenBytes)
            judge(&passage)
        case .failure(let error):
            // A server may refuse so many connections, but allow one.
            if error.isRefusedPart || (error.answer != nil && error.isTransient) {
                connections.learn(.paysNot, of: endpoint)
            }
            guard error.isRefusedPart else { throw error }
            // One connection continues here, or finds the reason for the refusal.
            passage.isEnding = true
            passage.underway = 0
        }
    }

    /// Takes one more connection, or gives one back.
    private func adjust(_ passage: inout Passage) {
        if connections.isCrowded(endpoint, limit: limit), passage.lanes > 1,
            passage.underway < passage.lanes
        {
            passage.lanes -= 1
            connections.giveBack(1, at: endpoint)
        }
        while passage.lanes < SourceConnections.connectionsMax,
            passage.total - passage.next > Int64(passage.lanes) * connections.partBytes,
            connections.take(1, at: endpoint, limit: limit)
        {
            passage.lanes += 1
        }
        if passage.lanes == 1 { passage.isEnding = true }
    }

    /// Compares several connections with one, after the same number of bytes.
    private func judge(_ passage: inout Passage) {
        guard let trial = passage.trial, passage.movedBytes >= trial.bytes else { return }
        passage.trial = nil
        let nanoseconds = connections.nowNanoseconds() - passage.beganNanoseconds
        if Double(trial.aloneNanoseconds) >= Double(nanoseconds) * SourceConnections.gainMin {
            return connections.learn(.pays, of: endpoint)
        }
        passage.isEnding = true
        // If the parts waited for the ring, the target or a bandwidth limit is the slow side.
        if passage.late >= passage.early { connections.learn(.paysNot, of: endpoint) }
    }

    /// Reads one whole part into its own buffer. If a connection breaks, only this part is lost.
    private func part(_ span: ClosedRange<Int64>) async -> Result<ByteRing, TranshipError> {
        var triesLeft = Self.triesMax
        while true {
            triesLeft -= 1
            let buffer = ByteRing(capacityBytes: max(16, span.count))
            do throws(TranshipError) {
                try await fetch(span, buffer)
                guard buffer.writtenBytes == Int64(span.count) else {
                    throw TranshipError(
                        .sourceTruncated,
                        "\(buffer.writtenBytes) bytes came for a part of \(span.count)",
                        isTransient: true)
                }
                buffer.finishWriting()
                return .success(buffer)
            } catch {
                guard triesLeft > 0, error.isTransient, error.answer == nil, !Task.isCancelled
                else {
                    return .failure(error)
                }
            }
            await wait(Self.waitSeconds)
        }
    }
}

extension TranshipError {
    /// True if the source does not send parts, or not this one.
    fileprivate var isRefusedPart: Bool {
        code == .rangeNotSatisfiable || [400, 416].contains(answer?.status)
    }
}

extension ByteRing {
    /// Writes everything from this ring into another. BLOCKS until the end.
    ///
    /// - Throws: the failure of either ring.
    func pour(into ring: ByteRing) throws(TranshipError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            if count == 0 { return }
            try ring.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
