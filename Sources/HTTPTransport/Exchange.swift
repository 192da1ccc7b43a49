// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import CCurl
import Synchronization

/// One request and its answer on one handle: what curl's callbacks work on.
///
/// `@unchecked Sendable`: the variables are touched only by the thread that is
/// inside ``perform(on:)``, callbacks included, and one exchange is performed
/// once. Other threads call ``cancel()``, which touches an atomic, a lock and
/// the ring.
final class Exchange: @unchecked Sendable {
    /// Where bodies go and come from.
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

    /// An answer, and where it sends us if it is a redirect.
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
    /// How long a 206 says that its body is.
    var partBytes: Int64?
    var clock = StallClock()
    /// Why a callback ended the transfer; curl only knows that it did.
    var refusal: TranshipError?
    /// What the upload still has to do.
    var source = UploadSource()
    /// Set while it is performed.
    var handle: CurlHandle?
    var isPaused = false
    var hasLooked = false
    var looksInVain = 0
    /// What was left in a TLS connection that broke; nil while none did.
    var unreadTLS: [UInt8]?

    /// A body that ends with its TLS connection: whether that was ended, at the
    /// last look, and not cut.
    var hasTLSEnded: Bool?

    private let cancelled = Atomic<Bool>(false)
    private let sockets = Guarded<OpenSockets?>(nil)

    init(_ request: HTTPRequest, _ configuration: TransportConfiguration, _ flow: Flow) {
        self.request = request
        self.configuration = configuration
        self.flow = flow
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Ends it from any thread, wherever it stands.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        flow.ring?.fail(Self.interrupted)
        // Under the lock: once the exchange is over, the handle is another's.
        sockets.withLock { $0?.shutDown() }
    }

    static var interrupted: TranshipError { TranshipError(wrapping: CancellationError()) }

    /// Does it all; BLOCKS until the answer is here or there will be none.
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
            let code = isCancelled ? CURLE_ABORTED_BY_CALLBACK : curl_easy_perform(handle.easy)
            sockets.withLock { $0 = nil }
            return .success(try answer(code, handle))
        } catch {
            return .failure(error)
        }
    }

    /// `Content-Length: 0` is a complete body as soon as the head is out, so
    /// the end must be certain before.
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
        // The refusal is known, and how the connection ended after it is not
        // worth a word. Its own words may lie in the socket still.
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
        Answer(
            response: HTTPResponse(
                status: head.status, headers: head.headers, body: body, effectiveURL: request.url),
            redirectURL: handle.string(CURLINFO_REDIRECT_URL))
    }

    /// CURLE_OK only means that HTTP was spoken to the end.
    private func checked(_ answer: Answer) throws(TranshipError) -> Answer {
        guard answer.response.isSuccess else { return answer }
        switch flow {
        case .upload where !source.isComplete:
            throw TranshipError(
                .invalidAnswer,
                "\(request.shown): the service answered \(head.status) before it had the whole body"
            )
        case .download where partBytes != nil && partBytes != bodyBytes:
            throw truncated("\(bodyBytes) of \(partBytes ?? 0) bytes came")
        case .download where hasTLSEnded == false:
            throw truncated("after \(bodyBytes) bytes the TLS connection was cut")
        case .download where request.method != .head && head.status != 204:
            guard let text = head.headers["content-length"], let declared = Int64(text),
                head.headers["transfer-encoding"] == nil, declared != bodyBytes
            else { return answer }
            throw truncated("\(bodyBytes) of \(declared) bytes came")
        default: return answer
        }
    }

    /// Nothing but the end of the connection tells the end of the body
    /// (RFC 9112, section 6.3).
    var endsWithConnection: Bool {
        head.isComplete && request.method != .head && head.status != 204
            && head.headers["content-length"] == nil && head.headers["transfer-encoding"] == nil
    }

    func truncated(_ words: String) -> TranshipError {
        TranshipError(
            .sourceTruncated, "\(request.shown): the body ended early: \(words)", isTransient: true)
    }

    func tooLong(_ sizeBytes: Int64) -> TranshipError {
        TranshipError(
            .sourceTruncated,
            "\(request.shown): the source went on after the \(sizeBytes) bytes that it declared",
            hint: "it may have changed since it was planned; plan again")
    }
}
