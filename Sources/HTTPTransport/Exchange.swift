// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import CCurl
import FoundationEssentials
import Synchronization

/// One request and its answer on one handle, with the state of curl's callbacks.
///
/// `@unchecked Sendable`: only the thread inside ``perform(on:)``, callbacks included, uses the
/// variables, and an exchange is performed once. Other threads call ``cancel()``, which uses an
/// atomic, a lock and the ring, and read ``answerMicroseconds``.
final class Exchange: @unchecked Sendable {
    /// The place of the body: in memory, or in a ring that is filled or emptied.
    enum Flow: Sendable {
        case small
        case download(
            ByteRing, onResponse: @Sendable (HTTPResponse) throws(TranshipError) -> Void)
        case upload(ByteRing, sizeBytes: Int64?)

        var ring: ByteRing? {
            switch self {
            case .small: nil
            case .download(let ring, _), .upload(let ring, _): ring
            }
        }
    }

    /// An answer, and the target of a redirect.
    struct Answer: Sendable {
        var response: HTTPResponse
        var redirectURL: String?
    }

    let request: HTTPRequest
    let configuration: TransportConfiguration
    let flow: Flow

    var head = AnswerHead()
    var body: [UInt8] = []
    var bodyBytes: Int64 = 0
    /// The length of the body that a 206 declares, in bytes.
    var partBytes: Int64?
    var clock = StallClock()
    /// The error with which a callback ended the transfer: curl reports only that a callback did.
    var refusal: TranshipError?
    /// The progress of the upload.
    var source = UploadSource()
    /// Set during ``perform(on:)``.
    var handle: CurlHandle?
    var isPaused = false
    var hasLooked = false
    var looksInVain = 0
    /// For an upload, the number of sockets that were opened for it when it took its first byte.
    var openedAtFirstByte = 0
    /// Bytes left in a TLS connection that broke; nil if none broke.
    var unreadTLS: [UInt8]?

    /// For a body that ends with its TLS connection: true if the service had ended the connection
    /// properly at the last check, false if it was cut.
    var hasTLSEnded: Bool?

    private var beganNanoseconds: UInt64 = 0
    /// The time from the request, over an open connection, to the head of the answer. -1 without an
    /// answer, for a redirect that is followed, and for a request with a body.
    let answerMicroseconds = Atomic<Int64>(-1)
    private let cancelled = Atomic<Bool>(false)
    private let sockets = Guarded<OpenSockets?>(nil)

    init(_ request: HTTPRequest, _ configuration: TransportConfiguration, _ flow: Flow) {
        self.request = request
        self.configuration = configuration
        self.flow = flow
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Ends the exchange, from any thread and at any time.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        flow.ring?.fail(Self.interrupted)
        // Under the lock: after the exchange, the handle belongs to another exchange.
        sockets.withLock { $0?.shutDown() }
    }

    static var interrupted: TranshipError { TranshipError(wrapping: CancellationError()) }

    /// Performs the exchange. BLOCKS until there is an answer or a failure.
    func perform(on handle: CurlHandle) -> Result<Answer, TranshipError> {
        do {
            if case .upload(let ring, sizeBytes: 0) = flow { try waitForEmptyBody(ring) }
            let list = try prepare(handle)
            self.handle = handle
            defer {
                self.handle = nil
                curl_slist_free_all(list)
            }
            sockets.withLock { $0 = handle.sockets }
            clock.restart()
            beganNanoseconds = nowNanoseconds()
            let code = isCancelled ? CURLE_ABORTED_BY_CALLBACK : curl_easy_perform(handle.easy)
            sockets.withLock { $0 = nil }
            return .success(try answer(code, handle))
        } catch {
            return .failure(error)
        }
    }

    /// Waits until the ring ends without any bytes. With `Content-Length: 0` the body is complete
    /// once the head is sent, so the end must be certain before that.
    private func waitForEmptyBody(_ ring: ByteRing) throws(TranshipError) {
        let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { byte.deallocate() }
        guard try ring.read(into: byte) == 0 else { throw tooLong(0) }
        source.isComplete = true
    }

    private func answer(_ code: CURLcode, _ handle: CurlHandle) throws(TranshipError) -> Answer {
        let unread = unreadTLS ?? handle.sockets.takeUnread()
        let isRefused = head.isComplete && head.status >= 400
        if code == CURLE_OK, head.isComplete {
            if !isRefused, let refusal { throw refusal }
            return try checked(response(handle))
        }
        if isCancelled { throw Self.interrupted }
        if let refusal { throw refusal }
        // The refusal is known, so it does not matter how the connection ended after it. The text
        // of the refusal may still be in the socket.
        if isRefused {
            if head.headers["transfer-encoding"] == nil {
                body += unread.prefix(max(0, request.responseBytesMax - body.count))
            }
            return response(handle)
        }
        if !head.isComplete,
            let (head, body) = UnreadAnswer.parse(unread, bodyBytesMax: request.responseBytesMax)
        {
            self.head = head
            self.body = body
            return try checked(response(handle))
        }
        throw unreadTLS == nil ? failure(code, handle) : hungUp()
    }

    private func response(_ handle: CurlHandle) -> Answer {
        var response = HTTPResponse(
            status: head.status, headers: head.headers, body: body, effectiveURL: request.url)
        response.answeredBy = answeredBy
        return Answer(response: response, redirectURL: handle.string(CURLINFO_REDIRECT_URL))
    }

    /// Notes the time that the answer took. Its body may still break later.
    func noteAnswerTime() {
        guard [.get, .head].contains(request.method), request.body == nil,
            !(request.followsRedirects && HTTPResponse(status: head.status).isRedirect),
            let sent = handle?.offset(CURLINFO_PRETRANSFER_TIME_T), sent >= 0
        else { return }
        let microseconds = Int64(clamping: (nowNanoseconds() - beganNanoseconds) / 1000) - sent
        if microseconds > 0 { answerMicroseconds.store(microseconds, ordering: .relaxed) }
    }

    /// The address of the server that this connection leads to. Several servers may share the
    /// host's name, so another one may answer the next request. Nil as in
    /// ``HTTPResponse/answeredBy``.
    var answeredBy: String? {
        // Only requests to mirrors and their pools follow redirects.
        guard request.followsRedirects, let handle,
            let address = handle.string(CURLINFO_PRIMARY_IP), !address.isEmpty,
            let url = URLComponents(string: request.url), let host = url.host
        else { return nil }
        let port = url.port ?? (url.scheme?.lowercased() == "https" ? 443 : 80)
        let isProxied = handle.long(CURLINFO_PRIMARY_PORT) != port
        return isProxied || host.filter { !"[]".contains($0) } == address ? nil : address
    }

    /// The method, the URL and the server that answers, for messages.
    var shown: String {
        request.shown + (answerer.map { ", \($0)" } ?? "")
    }

    /// The server that answers, of several behind one name, in the words of
    /// ``HTTPResponse/whoAnswered``.
    var answerer: String? {
        head.isComplete ? answeredBy.map { "answered by \($0)" } : nil
    }

    /// CURLE_OK only means that the HTTP exchange is complete.
    private func checked(_ answer: Answer) throws(TranshipError) -> Answer {
        guard answer.response.isSuccess else { return answer }
        switch flow {
        case .upload where !source.isComplete:
            throw TranshipError(
                .invalidAnswer,
                "\(shown): the service answered \(head.status) before it had the whole body"
            )
        case .download where partBytes != nil && partBytes != bodyBytes:
            throw cutShort("\(bodyBytes) of \(partBytes ?? 0) bytes came")
        case .download where hasTLSEnded == false:
            throw cutShort("after \(bodyBytes) bytes the TLS connection was cut")
        case .download where endsWithConnection && bodyBytes < expectedBytes:
            throw cutShort("\(bodyBytes) of \(expectedBytes) bytes came")
        case .download where request.method != .head && head.status != 204:
            guard let declared = head.headers.contentLengthBytes,
                head.headers["transfer-encoding"] == nil, declared != bodyBytes
            else { return answer }
            throw cutShort("\(bodyBytes) of \(declared) bytes came")
        default: return answer
        }
    }

    /// True if only the end of the connection marks the end of the body.
    var endsWithConnection: Bool {
        head.isComplete && request.method != .head && head.status != 204
            && head.headers.leavesLengthOpen
    }

    /// The length of the body that the caller, or another field of the answer, states; 0 if neither
    /// does.
    private var expectedBytes: Int64 {
        statedBytes ?? (request.declaredLengthCounts ? nil : request.bodyBytesMax) ?? 0
    }

    /// The length of the body that another field of the answer states.
    var statedBytes: Int64? {
        request.bodySizeField.flatMap { head.headers[$0] }.flatMap(OutsideNumber.parse)
    }

    /// Returns the error for an answer that has fewer bytes than it declared.
    func cutShort(_ words: String) -> TranshipError {
        truncated(words).hinting(
            "ask the operator of the server if that happens again, or use another mirror")
    }

    func truncated(_ words: String) -> TranshipError {
        TranshipError(
            .sourceTruncated, "\(shown): the body ended early: \(words)", isTransient: true)
    }

    func tooLong(_ sizeBytes: Int64) -> TranshipError {
        TranshipError(
            .sourceTruncated,
            "\(shown): the source has more than the \(sizeBytes) bytes that it declared",
            hint: "plan again: the source may have changed since it was planned")
    }
}
