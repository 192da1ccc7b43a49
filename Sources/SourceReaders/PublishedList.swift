// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Decompression
internal import Foundation
internal import HTTPTransport
internal import ImageFormats
internal import MigrationModel
internal import PipelineFiles

/// The list that a source's `checksum_file` names: at an http or https address, or in a file on
/// this machine. Every kind of source may use either.
struct PublishedList {
    /// The address or absolute path of the list.
    var place: String
    var signature: SignatureRule?
    /// The key of the pipeline file that names the list, for messages.
    var key = "checksum_file"
    var bytesMax = 16 << 20
    let client: HTTPClient
    /// Waits this many seconds, or until the task is cancelled.
    var wait: @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) }

    /// The number of tries. One mirror of a pool may lack the list, and another may answer next
    /// time.
    private static let triesMax = 3
    /// The wait before the second try, in seconds; twice as long before each further one.
    private static let waitSeconds = 0.5
    /// The maximum size of a list after decompression.
    private static let unpackedBytesMax: Int64 = 64 << 20

    /// The file extensions that publishers use for detached signatures beside their list.
    private static let signatureEndings = [".asc", ".sign", ".sig", ".gpg"]

    /// A list and its signers.
    struct Read {
        var list: ChecksumList
        /// The published text; with a signature, only the signed text.
        var text: [UInt8] = []
        /// The fingerprint of the key, if a signature was verified.
        var signedBy: String?
        /// The fingerprints of all good signatures.
        var signers: [String] = []
        /// The digest of the keyring's keys.
        var keyring: String?
        /// The validators that identify this state of the list.
        var validators: Upstream.List
        /// True if the list is in the remembered state. It was then not read.
        var isUnchanged = false
        /// True if the list names the file to which the URL redirects, so that the list's state
        /// alone does not identify the data.
        var isOfFinalURL = false
    }

    var isAddress: Bool { Self.isAddress(place) }

    private static func isAddress(_ place: String) -> Bool { place.contains("://") }

    /// The place without secrets.
    var shown: String { Self.shown(place) }

    static func shown(_ place: String) -> String {
        isAddress(place) ? URLImage.withoutSecrets(place) : place
    }

    /// Reads the list and verifies its signature.
    ///
    /// - Parameters:
    ///   - headers: the headers for `origin`; no other server gets them.
    ///   - known: the state in which the list need not be read again.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` if a file cannot be read;
    ///   ``TranshipError/Code/signatureRefused``; the refusal of a server.
    func read(
        headers: HTTPHeaders = [:], origin: String = "", known: Upstream.List? = nil
    ) async throws(TranshipError) -> Read {
        var access = Access(headers: headers, origin: origin)
        access.known = try isValid(known) ? known : nil
        var waitSeconds = Self.waitSeconds
        var triesLeft = Self.triesMax
        while true {
            triesLeft -= 1
            do throws(TranshipError) {
                let read = try await readOnce(access)
                // A mirror may have an error page in place of the list, and another mirror the
                // list.
                guard read.list.isWebPage, triesLeft > 0, isAddress, !Task.isCancelled else {
                    return read
                }
            } catch {
                // One mirror of a pool may have the list, and another one its signature.
                guard triesLeft > 0, error.cause is StaleSignature, isAddress else { throw error }
            }
            await wait(waitSeconds)
            waitSeconds *= 2
        }
    }

    /// True if a list in this state would be accepted without another check of its signature.
    private func isValid(_ known: Upstream.List?) throws(TranshipError) -> Bool {
        guard let known, known.place == shown, isAddress else { return false }
        guard let signature else { return known.signers.isEmpty }
        let check = ListSignature(keyring: signature.keyring, shown: shown)
        return try known.keyring == check.keyringDigest()
    }

    private func readOnce(_ access: Access) async throws(TranshipError) -> Read {
        let file = try await file(at: place, access, known: access.known)
        let name = isAddress ? URLImage.fileName(place) : PathText.lastComponent(place)
        var validators = Upstream.List(
            place: shown, eTag: file.headers["ETag"], lastModified: file.headers["Last-Modified"],
            signers: [], keyring: nil)
        if file.isUnchanged, let known = access.known {
            return Read(
                list: ChecksumList([], fileName: name), signedBy: known.signers.first,
                signers: known.signers, keyring: known.keyring, validators: known,
                isUnchanged: true)
        }
        guard let signature else {
            return Read(
                list: try list(file.bytes, fileName: name), text: file.bytes, signedBy: nil,
                validators: validators)
        }
        let check = ListSignature(keyring: signature.keyring, shown: shown)
        let isInside = signature.place == nil && ListSignature.isInline(file.bytes)
        let verified: ListSignature.Verified
        if isInside {
            verified = try await check.verify(file.bytes, signature: nil)
        } else {
            verified = try await verify(file.bytes, signature, by: check, access)
        }
        (validators.signers, validators.keyring) = (verified.fingerprints, verified.keyring)
        return Read(
            list: try list(verified.text, fileName: name, isSignedPart: verified.isPart),
            text: verified.text,
            signedBy: verified.fingerprint,
            signers: verified.fingerprints, keyring: verified.keyring, validators: validators)
    }

    /// Verifies a signature that is not in the list. Returns the signed text and its signers.
    private func verify(
        _ list: [UInt8], _ rule: SignatureRule, by check: ListSignature, _ access: Access
    ) async throws(TranshipError) -> ListSignature.Verified {
        let places = rule.place.map { [$0] } ?? Self.signatureEndings.map { place + $0 }
        var waitSeconds = Self.waitSeconds
        var triesLeft = Self.triesMax
        while true {
            triesLeft -= 1
            let found = try await signature(
                of: list, at: places, isNamed: rule.place != nil, by: check, access)
            switch found {
            case .verified(let verified): return verified
            case .useless(let refusal): throw refusal
            case .none(let problem):
                // One mirror of a pool may have the list but not the signature.
                guard triesLeft > 0, places.contains(where: Self.isAddress), !Task.isCancelled
                else { throw problem ?? noSignature }
            }
            await wait(waitSeconds)
            waitSeconds *= 2
        }
    }

    private enum FoundSignature {
        case verified(ListSignature.Verified)
        /// The signature proves nothing.
        case useless(TranshipError)
        /// There is no signature. The error describes what is in its place, if anything is.
        case none(TranshipError?)
    }

    /// Looks once at each place where the signature may be.
    ///
    /// - Parameter isNamed: true if the pipeline file names the only place.
    private func signature(
        of list: [UInt8], at places: [String], isNamed: Bool, by check: ListSignature,
        _ access: Access
    ) async throws(TranshipError) -> FoundSignature {
        var problem: TranshipError?
        var refusal: TranshipError?
        for place in places {
            let bytes: [UInt8]
            do throws(TranshipError) {
                bytes = try await file(at: place, access, isThere: isNamed).bytes
            } catch {
                // Another ending may exist. But after a temporary failure, this one may exist, too.
                let mayBeElsewhere =
                    !isNamed && error.code != .interrupted
                    && (!error.isTransient || error.code == .notFound)
                guard mayBeElsewhere else { throw error }
                // Only "not found" proves that the signature does not exist.
                let isMissing = Self.isAddress(place) ? error.answer?.status == 404 : true
                if !isMissing { problem = problem ?? error }
                continue
            }
            if Self.isWebPage(bytes) {
                problem = problem ?? Self.webPage(place)
                continue
            }
            do throws(TranshipError) {
                return .verified(try await check.verify(list, beside: bytes))
            } catch {
                // Another file beside the list may be the right signature: this one may be by
                // another key, or a keyring.
                guard !isNamed, error.cause is OtherSignature else { throw error }
                refusal = refusal ?? error
            }
        }
        return refusal.map { .useless($0) } ?? .none(problem)
    }

    private var noSignature: TranshipError {
        TranshipError(
            .signatureRefused,
            "\(shown) has no signature: it is not clear-signed, and there is none beside it ("
                + Self.signatureEndings.joined(separator: ", ") + ")",
            hint: "name it with `signature`, or remove `signed_by` if its publisher signs nothing")
    }

    private static func isWebPage(_ bytes: [UInt8]) -> Bool {
        ChecksumList.isWebPage(String(decoding: bytes.prefix(4096), as: UTF8.self))
    }

    private static func webPage(_ place: String) -> TranshipError {
        TranshipError(
            .signatureRefused, "\(shown(place)) is a web page, not a signature",
            hint: "open it in a browser: the address may need a login or may have moved")
    }

    /// The headers and the state that requests may contain.
    private struct Access {
        let headers: HTTPHeaders
        /// The only origin that gets the headers.
        let origin: String
        /// The state in which the list need not be read again.
        var known: Upstream.List?
    }

    private struct File {
        var bytes: [UInt8]
        var headers: HTTPHeaders = [:]
        var isUnchanged = false
    }

    private func missingHint(_ key: String) -> String {
        "correct the path in `\(key)`, or put the file there"
    }

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - isThere: false if the file may be missing, so that one 404 is enough.
    ///   - known: the state in which the server need not send the file.
    private func file(
        at place: String, _ access: Access, isThere: Bool = true, known: Upstream.List? = nil
    ) async throws(TranshipError) -> File {
        guard Self.isAddress(place) else {
            do {
                return File(bytes: try WholeFile.read(place, bytesMax: bytesMax))
            } catch {
                throw TranshipError(
                    .sourceUnavailable, "\(place) \(error.words)",
                    hint: error.isMissing
                        ? missingHint(place == self.place ? key : "signature")
                        : "name a list of checksums in checksum_file, and the signature of that list in "
                            + "signature: both are small files",
                    cause: error.isMissing && place == self.place ? NoList() : nil)
            }
        }
        let isSameOrigin = URLImage.host(of: place) == access.origin
        var request = HTTPRequest(
            .get, place, headers: isSameOrigin ? access.headers : [:], followsRedirects: true)
        request.secrets = HTTPRequest.secrets(ofURL: place)
        request.responseBytesMax = bytesMax
        request.isPatientWhileBytesMove = true
        request.headers.ask(ifChangedFrom: known?.eTag, known?.lastModified)
        let response: HTTPResponse
        do throws(TranshipError) {
            response = try await Self.answer(
                to: request, by: client, shown: Self.shown(place), isThere: isThere, wait: wait)
        } catch {
            throw hinted(error, at: place, access).hintedByStatus.whileDoing(
                "reading `\(place == self.place ? key : "signature")`")
        }
        let isUnchanged = response.status == 304
        return File(
            bytes: isUnchanged ? [] : try decoded(response, place), headers: response.headers,
            isUnchanged: isUnchanged)
    }

    /// Adds a hint about the refusal of a list or a signature, if more is known than its status.
    private func hinted(
        _ error: TranshipError, at place: String, _ access: Access
    ) -> TranshipError {
        guard error.hint == nil, let status = error.answer?.status else { return error }
        if [401, 403].contains(status), !access.headers.fields.isEmpty,
            URLImage.host(of: place) != access.origin
        {
            return error.hinting(
                "`auth` and `headers` go to \(access.origin) only: use an address there or one that "
                    + "needs no login, or download the file and write its path")
        }
        guard [404, 410].contains(status), place == signature?.place else { return error }
        return error.hinting(
            "correct `signature`, or leave it out: then the signature is looked for beside the list"
        )
    }

    /// Sends a small request. Retries after temporary failures, because another mirror of a pool
    /// may answer then.
    ///
    /// - Parameter isThere: false if the file may be missing, so that one 404 is enough.
    static func answer(
        to request: HTTPRequest, by client: HTTPClient, shown: String, isThere: Bool = true,
        wait: @Sendable (Double) async -> Void
    ) async throws(TranshipError) -> HTTPResponse {
        var waitSeconds = waitSeconds
        var triesLeft = triesMax
        while true {
            triesLeft -= 1
            do throws(TranshipError) {
                let response = try await client.send(request)
                guard response.status == 200 || response.status == 304 && request.isConditional
                else {
                    throw response.refusal(by: .source, asked: "GET \(shown)")
                }
                return response
            } catch {
                guard triesLeft > 0, error.isTransient || (isThere && error.mayBeOfOneMirror),
                    error.code != .interrupted, !Task.isCancelled
                else { throw error }
            }
            await wait(waitSeconds)
            waitSeconds *= 2
        }
    }

    /// Returns the body as the list is stored. Some servers and proxies compress it on its way,
    /// even if not asked to.
    private func decoded(
        _ response: HTTPResponse, _ place: String
    ) throws(TranshipError) -> [UInt8] {
        let body = Array(response.body)
        guard let encoding = response.headers.encodings.first else { return body }
        guard response.storedCompression == "gz" else {
            throw TranshipError(
                .invalidAnswer,
                "\(Self.shown(place)) is encoded (Content-Encoding: \(encoding)), but this request "
                    + "asked for it as it is stored",
                hint: "use another address of the list, or download it and write its path")
        }
        // Some servers label plain text so.
        return body.starts(with: Self.gzipMark) ? try unpacked(body, place) : body
    }

    private static let gzipMark: [UInt8] = [0x1F, 0x8B]

    private func unpacked(_ bytes: [UInt8], _ place: String) throws(TranshipError) -> [UInt8] {
        let limits = DecompressionLimits(sizeBytes: Self.unpackedBytesMax)
        var decompressor = Decompressor(.gz, limits: limits, shown: Self.shown(place))
        // The pipeline's limits are for images, so the hint must not mention them.
        decompressor.excessHint =
            "check the address: no list of checksums is so large; or write the checksum itself with "
            + "`checksum`"
        return try decompressor.whole(bytes)
    }

    /// Returns the list, which may be stored with gzip.
    private func list(
        _ bytes: [UInt8], fileName: String, isSignedPart: Bool = false
    ) throws(TranshipError) -> ChecksumList {
        let kind = ImageHead(bytes).kind
        if let kind, [.xz, .bzip2, .zstd, .zip].contains(kind) {
            throw TranshipError(
                .sourceUnavailable,
                "\(shown) is compressed (\(kind.rawValue)): it is read as it is, or with gzip",
                hint: "name one that is not compressed, or download it, unpack it and write its "
                    + "path")
        }
        let isGzip = bytes.starts(with: Self.gzipMark)
        var list = ChecksumList(isGzip ? try unpacked(bytes, place) : bytes, fileName: fileName)
        list.isSignedPart = isSignedPart
        return list
    }

    /// Returns the path of a file relative to the folder of the list if both are at the same place;
    /// otherwise the file's whole path.
    func path(of file: String) -> String {
        switch (file.contains("://"), isAddress) {
        case (true, true): relative(file)
        case (false, false): ChecksumList.path(of: file, inFolderOf: place)
        // The end of the path may identify the file.
        case (true, false): URLImage.path(file)
        case (false, true): file
        }
    }

    private func relative(_ url: String) -> String {
        guard URLImage.host(of: url) == URLImage.host(of: place) else { return URLImage.path(url) }
        return ChecksumList.path(of: URLImage.path(url), inFolderOf: URLImage.path(place))
    }
}

extension ListSignature {
    /// Verifies a list.
    ///
    /// - Parameter signature: the file beside the list. Some publishers put a clear-signed copy of
    ///   the list there. The signed text of the copy then replaces the list.
    fileprivate func verify(
        _ list: [UInt8], beside signature: [UInt8]
    ) async throws(TranshipError) -> Verified {
        guard Self.isInline(signature) else { return try await verify(list, signature: signature) }
        var verified = try await verify(signature, signature: nil)
        verified.isPart = verified.isPart || verified.text != list
        return verified
    }
}

extension HTTPHeaders {
    /// Requests an answer of 304 if nothing has changed (RFC 9110, section 13.1): by the ETag, or
    /// without one by the time of change. Without either, requests the whole file.
    mutating func ask(ifChangedFrom eTag: String?, _ lastModified: String?) {
        if let eTag = SeenVersion.tag(eTag, besides: lastModified) {
            self["If-None-Match"] = eTag
        } else if let time = SeenVersion.time(lastModified) {
            self["If-Modified-Since"] = time
        }
    }
}

extension HTTPRequest {
    var isConditional: Bool {
        headers["If-None-Match"] != nil || headers["If-Modified-Since"] != nil
    }
}

extension TranshipError {
    /// Changes the hint about a list that lacks its file. Beside `latest`, a pipeline file cannot
    /// have `checksum`, because each version has another one.
    func beside(latest: VersionPattern?, in list: ChecksumList) -> TranshipError {
        guard latest != nil, !list.entries.isEmpty else { return self }
        return hinting("ask its publisher, or name another list with `checksum_file`")
    }

    /// Changes the hint about a list that lacks files of a pattern, because one `checksum` cannot
    /// fit them all.
    var besidePattern: TranshipError {
        guard cause is NotListed else { return self }
        return hinting(
            "name a list of all the files with `checksum_file`, or give this file a source of its own"
        )
    }

    /// True for answers that another mirror of a pool may not give: the file is missing, or access
    /// is denied.
    fileprivate var mayBeOfOneMirror: Bool {
        answer.map { [401, 403, 404, 410].contains($0.status) } ?? false
    }

    /// Adds a hint about the refusal of a source's server, unless the error already has one.
    var hintedByStatus: TranshipError {
        guard hint == nil, let status = answer?.status else { return self }
        switch status {
        case 203:
            return hinting(
                "use another address, or name its host in no_proxy: 203 says that a proxy has "
                    + "changed the data")
        case 206, 304, 416:
            return hinting(
                "ask the operator of that server, or use another address: the request was for the "
                    + "whole file, and the answer is for another one")
        case 300..<400:
            return hinting("open the URL in a browser, and use the address that it leads to")
        case 401, 403, 407:
            return hinting("check the URL and who may read it: `auth` and `headers` log in")
        case 404, 410:
            return hinting("check the URL: its publisher may have moved or removed the file")
        case 500... where !isTransient:
            return hinting("ask the operator of that server: it does not do what this request asks")
        case 429, 500...:
            return hinting("run again later; if it stays so, ask the operator of that server")
        default: return hinting("check the URL and who may read it")
        }
    }
}
