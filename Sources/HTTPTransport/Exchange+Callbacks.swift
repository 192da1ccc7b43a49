// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import CCurl

extension Exchange {
    /// The interval at which an upload that waits for its source checks the connection.
    private static let lookMilliseconds = 200
    /// The number of checks without an answer after which the connection counts as lost. A
    /// connection that the service closed stays "readable".
    private static let looksInVainMax = 3

    func setCallbacks(_ handle: CurlHandle) {
        let easy = handle.easy
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        handle.set(CURLOPT_HEADERDATA, pointer: pointer)
        let head = ccurl_set_data(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, exchange in
            Exchange.from(exchange).receiveHead(.init(start: bytes, count: size * count))
        }
        handle.check(CURLOPT_HEADERFUNCTION, head)
        handle.set(CURLOPT_WRITEDATA, pointer: pointer)
        let write = ccurl_set_data(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, exchange in
            Exchange.from(exchange).receive(.init(start: bytes, count: size * count))
        }
        handle.check(CURLOPT_WRITEFUNCTION, write)
        handle.set(CURLOPT_READDATA, pointer: pointer)
        let read = ccurl_set_data(easy, CURLOPT_READFUNCTION) { bytes, size, count, exchange in
            Exchange.from(exchange).send(.init(start: bytes, count: size * count))
        }
        handle.check(CURLOPT_READFUNCTION, read)
        handle.set(CURLOPT_XFERINFODATA, pointer: pointer)
        let progress = ccurl_set_progress(easy) { exchange, _, received, _, sent in
            Exchange.from(exchange).progress(
                receivedBytes: Int64(received), sentBytes: Int64(sent))
        }
        handle.check(CURLOPT_XFERINFOFUNCTION, progress)
        handle.set(CURLOPT_NOPROGRESS, false)
    }

    private static func from(_ pointer: UnsafeMutableRawPointer?) -> Exchange {
        guard let pointer else { preconditionFailure("curl lost our pointer") }
        return Unmanaged<Exchange>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func receiveHead(_ line: UnsafeRawBufferPointer) -> Int {
        let isWhole = head.add(line)
        if isWhole { noteAnswerTime() }
        if isWhole, let error = badLength { return stop(error) }
        guard isWhole, case .download(_, let onResponse) = flow,
            (200..<300) ~= head.status
        else { return line.count }
        var response = HTTPResponse(
            status: head.status, headers: head.headers, effectiveURL: request.url)
        response.isRedirected = request.isRedirected
        response.answeredBy = answeredBy
        do throws(TranshipError) {
            try refuseEncoding(response)
            partBytes = response.contentRange?.countBytes
            try onResponse(response)
            return line.count
        } catch {
            return stop(error)
        }
    }

    /// The error for an answer that declares several lengths, or a length that is not a decimal
    /// number up to 2^53. curl would take a part of it as the length, or ignore it.
    private var badLength: TranshipError? {
        let lengths = head.headers.contentLengths.sorted()
        guard (200..<300) ~= head.status, head.headers["Transfer-Encoding"] == nil,
            !lengths.isEmpty
        else { return nil }
        let shownLengths = lengths.prefix(3)
            .map { request.echoes.removed(from: $0).cut(to: 30) }.joined(separator: ", ")
        let words: String
        if lengths.count > 1 {
            words = "more than one length: \(shownLengths)"
        } else if head.headers.contentLengthBytes == nil {
            words = "a length that is not a whole number from 0 to 2^53: \"\(shownLengths)\""
        } else {
            return nil
        }
        return TranshipError(
            .invalidAnswer, "\(shown): the answer declares \(words)",
            hint: "ask the operator of the server, or of a proxy before it: one of them is broken")
    }

    /// Refuses an encoded body, unless the caller takes it. Most likely a proxy compressed it, and
    /// its bytes are not those that were requested and promised.
    private func refuseEncoding(_ response: HTTPResponse) throws(TranshipError) {
        var response = response
        response.echoes = request.echoes
        let isTaken = request.takesCompressed && response.storedCompression != nil
        guard !isTaken, let error = response.encodingRefusal(asked: shown) else { return }
        guard configuration.settingsPlace == .pipelineSource,
            let compression = response.storedCompression, let hint = error.hint
        else { throw error }
        throw error.hinting(
            "if the file is stored so, write `decompress: \(compression)`; if not, \(hint)")
    }

    /// - Returns: the number of bytes that were accepted; fewer than there were end the transfer.
    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        bodyBytes += Int64(bytes.count)
        if case .download(let ring, _) = flow, (200..<300) ~= head.status {
            if let partBytes, bodyBytes > partBytes {
                return stop(
                    TranshipError(
                        .rangeNotSatisfiable,
                        "\(shown): the body is longer than the \(partBytes) bytes of its "
                            + "Content-Range"))
            }
            return writeToRing(bytes, ring)
        }
        guard body.count + bytes.count <= request.responseBytesMax else {
            return stop(
                TranshipError(
                    .invalidAnswer,
                    "\(shown): the answer is longer than the "
                        + "\(ByteCount.format(Int64(request.responseBytesMax))) allowed for it"))
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func writeToRing(_ bytes: UnsafeRawBufferPointer, _ ring: ByteRing) -> Int {
        let stated = statedBytes
        let isDeclared = request.declaredLengthCounts && head.headers.contentLengthBytes != nil
        let most = min(isDeclared ? .max : request.bodyBytesMax ?? .max, stated ?? .max)
        let excess = min(Int64(bytes.count), max(0, bodyBytes - most))
        // A wait for our own ring does not count as a stall.
        clock.beginOwnWait()
        defer { clock.endOwnWait() }
        do {
            try ring.write(UnsafeRawBufferPointer(rebasing: bytes.dropLast(Int(excess))))
        } catch {
            return stop(error)
        }
        guard excess == 0 else {
            let now = (stated ?? head.headers.contentLengthBytes)
                .flatMap { $0 > most ? " before: this answer declares \($0)" : nil }
            return stop(
                TranshipError(
                    .sourceTruncated,
                    "\(shown): the body is longer than the \(most) bytes that were declared"
                        + (now ?? ""),
                    hint: "run again: the data may have changed since its size was read"))
        }
        return bytes.count
    }

    private func stop(_ error: TranshipError, returning value: Int = 0) -> Int {
        refusal = refusal ?? error
        return value
    }

    /// The return value that ends an upload with an error. 0 would end it properly: curl would
    /// write the last chunk, so a short body would look complete.
    private static let abort = Int(CURL_READFUNC_ABORT)

    private func send(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard case .upload(let ring, let sizeBytes) = flow else { return Self.abort }
        clock.beginOwnWait()
        defer { clock.endOwnWait() }
        // Sending on a reset connection loses the refusal that arrived before the reset, so let
        // curl read first. Do so only once per piece: the pending data may be a session ticket of
        // TLS 1.3 or the end of the connection, not an answer.
        if !hasLooked, !head.isComplete, handle?.sockets.hasSpoken == true {
            hasLooked = true
            isPaused = true
            return Int(CURL_READFUNC_PAUSE)
        }
        hasLooked = false
        if let error = secondSending() { return stop(error, returning: Self.abort) }
        while !isCancelled {
            let piece: UploadSource.Piece
            do {
                piece = try source.next(
                    of: ring, sizeBytes: sizeBytes, into: buffer,
                    withinMilliseconds: Self.lookMilliseconds)
            } catch {
                return stop(error, returning: Self.abort)
            }
            switch (piece, source.mismatch) {
            case (.bytes(let count), _):
                looksInVain = 0
                return count
            case (.end, .short):
                let words = "\(source.takenBytes) of \(sizeBytes ?? 0) bytes were there to send"
                return stop(truncated(words), returning: Self.abort)
            case (.end, .long): return stop(tooLong(sizeBytes ?? 0), returning: Self.abort)
            case (.end, nil): return 0
            case (.nothingYet, _):
                // Let curl read the pending data instead of waiting again: it may be a refusal, or
                // the end of the connection.
                if head.isComplete || handle?.sockets.hasSpoken != true { continue }
                looksInVain += 1
                if looksInVain > Self.looksInVainMax {
                    return stop(hungUp(), returning: Self.abort)
                }
                isPaused = true
                return Int(CURL_READFUNC_PAUSE)
            }
        }
        return Self.abort
    }

    /// Returns an error if curl began the request again over a new connection, because a kept
    /// connection turned out to be dead. The bytes that curl took from the ring for the first try
    /// are gone, so the body would lack its beginning.
    private func secondSending() -> TranshipError? {
        let opened = handle?.sockets.openedCount ?? 0
        if source.takenBytes == 0 { openedAtFirstByte = opened }
        return opened == openedAtFirstByte ? nil : hungUp()
    }

    func hungUp() -> TranshipError {
        TranshipError(
            .connectionLost,
            "\(shown): the service closed the connection without an answer, after "
                + "\(source.takenBytes) bytes of the body", hint: Self.lossHint, isTransient: true)
    }

    /// curl calls this at least once a second.
    ///
    /// - Returns: a value other than 0 to end the transfer.
    private func progress(receivedBytes: Int64, sentBytes: Int64) -> Int32 {
        if isCancelled { return 1 }
        // The last call comes after everything is read, before curl releases the connection.
        if case .download = flow, isTLS, endsWithConnection, let handle {
            hasTLSEnded = UnreadAnswer.hasEnded(handle)
        }
        if case .download(let ring, _) = flow, let failure = ring.failure {
            // The reader of the bytes is gone, and the source may stay silent for a long time.
            return Int32(stop(failure, returning: 1))
        }
        guard let handle else { return 0 }
        if isPaused {
            isPaused = false
            curl_easy_pause(handle.easy, CURLPAUSE_CONT)
        }
        // After a failed send, curl calls once more before it closes the connection.
        if case .upload = flow, isTLS, !head.isComplete, handle.sockets.isBroken {
            if unreadTLS == nil { unreadTLS = UnreadAnswer.decrypted(handle) }
            return 1
        }
        guard case .small = flow else { return checkStall(handle, receivedBytes, sentBytes) }
        return 0
    }

    private func checkStall(_ handle: CurlHandle, _ received: Int64, _ sent: Int64) -> Int32 {
        let isAllSent = source.isComplete && sent >= source.takenBytes
        let limit = isAllSent ? configuration.answerTimeoutSeconds : configuration.stallSeconds
        let isStalled = clock.isStalled(at: received + sent, limitSeconds: limit)
        let (least, period) = (configuration.leastBytesPerSecond, configuration.leastRateSeconds)
        let isTooSlow =
            clock.isTooSlow(
                at: received + sent, leastBytesPerSecond: least, periodSeconds: period)
            && !isAllSent
        guard isStalled || isTooSlow else { return 0 }
        // Until the request is sent, curl's own time limit applies.
        if handle.long(CURLINFO_REQUEST_SIZE) == 0 {
            clock.restart()
            return 0
        }
        let words =
            if !isStalled {
                "fewer than \(least) bytes a second moved for \(period) s"
            } else if isAllSent {
                "no answer came within \(limit) s after the body"
            } else {
                "nothing moved for \(limit) s"
            }
        refusal =
            refusal
            ?? TranshipError(
                .timedOut, "\(shown): \(words)", hint: Self.silenceHint, isTransient: true)
        return 1
    }
}
