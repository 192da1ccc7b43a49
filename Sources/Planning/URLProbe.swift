// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import Foundation
internal import HTTPTransport
internal import MigrationModel
internal import PipelineFiles
internal import Synchronization

/// Looks at a URL source without reading it: is it there, how large, which version?
struct URLProbe {
    let source: URLSource
    let index: Int
    let client: HTTPClient
    let headers: HTTPHeaders
    let date: String

    /// What is wrong with this source is its own refusal.
    ///
    /// - Throws: only ``TranshipError/Code/interrupted``.
    func look() async throws(TranshipError) -> ListedImage {
        let shown = Self.withoutSecrets(source.url)
        var head: HTTPResponse?
        var problem: TranshipError?
        do {
            head = try await probe()
        } catch {
            problem = error.whileDoing("looking at \(shown)")
        }
        var checksum = source.checksum
        if checksum == nil, let file = source.checksumFile, problem == nil {
            do {
                checksum = try await published(in: file)
            } catch {
                problem = error
            }
        }
        if let problem, problem.code == .interrupted { throw problem }
        if checksum != nil, problem?.isTransient == true {
            // The promise says which version it is; the transfer tries again.
            problem = nil
        }
        let size = head?.headers["Content-Length"].flatMap { Int64($0) }
        let version =
            checksum?.description
            ?? [head?.headers["ETag"], head?.headers["Last-Modified"], size.map { "\($0)" }]
            .compactMap { $0 }.joined(separator: " ")
        let image = source.image.described(
            key: "url:\(shown)", sourceIndex: index, location: .url(shown),
            fingerprint: version, sizeBytes: size, checksum: checksum,
            fileName: Self.fileName(source.url), series: source.series, date: date)
        var listed = ListedImage(image: image.image, stem: image.stem, refusal: problem)
        if checksum == nil, problem == nil {
            listed.notes.append("no checksum is promised: what arrives cannot be compared")
        }
        return listed
    }

    /// The head of the final answer. Sources that refuse HEAD (signed URLs do)
    /// are asked with a GET whose body is not read.
    private func probe() async throws(TranshipError) -> HTTPResponse {
        var request = HTTPRequest(.head, source.url, headers: headers, followsRedirects: true)
        var response = try await client.send(request)
        if [400, 403, 405, 501].contains(response.status) {
            request.method = .get
            let ring = ByteRing(capacityBytes: 64 << 10)
            let first = FirstAnswer()
            do {
                response = try await client.download(request, into: ring) {
                    (answer) throws(TranshipError) in
                    first.set(answer)
                    throw TranshipError(.interrupted, "the head is enough")
                }
            } catch {
                guard let answer = first.answer else { throw error }
                response = answer
            }
        }
        guard (200...299).contains(response.status) else {
            throw response.refusal(
                by: "the source",
                asked: "\(request.method.rawValue) \(Self.withoutSecrets(source.url))")
        }
        return response
    }

    private func published(in file: String) async throws(TranshipError) -> Checksum {
        let shown = Self.withoutSecrets(file)
        let response = try await client.send(
            HTTPRequest(.get, file, headers: headers, followsRedirects: true))
        guard response.status == 200 else {
            throw response.refusal(by: "the source", asked: "GET \(shown)")
        }
        let name = Self.fileName(source.url)
        guard
            let checksum = ChecksumFile.checksum(
                for: name, in: String(decoding: response.body, as: UTF8.self))
        else {
            throw TranshipError(
                .sourceUnavailable, "\(shown) has no checksum for \(name)",
                hint: "check that checksum_file belongs to this URL")
        }
        return checksum
    }

    /// Without user, password, query and fragment: those may sign the URL.
    static func withoutSecrets(_ url: String) -> String {
        guard var parts = URLComponents(string: url) else { return "the URL" }
        parts.user = nil
        parts.password = nil
        parts.query = nil
        parts.fragment = nil
        return parts.string ?? "the URL"
    }

    static func fileName(_ url: String) -> String {
        let path = URLComponents(string: url)?.path ?? ""
        return (path as NSString).lastPathComponent
    }
}

/// Keeps the first answer of a request whose body nobody wants.
private final class FirstAnswer: Sendable {
    private let stored = Mutex<HTTPResponse?>(nil)

    func set(_ answer: HTTPResponse) {
        stored.withLock { $0 = $0 ?? answer }
    }

    var answer: HTTPResponse? { stored.withLock { $0 } }
}
