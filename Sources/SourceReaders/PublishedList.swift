// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import HTTPTransport

/// Where a source's `checksum_file` is: at an http or https address, or in a file of this machine.
/// Either kind serves every kind of source.
struct PublishedList {
    /// An address or an absolute path.
    let place: String
    let client: HTTPClient
    /// Waits so many seconds, or until the task is cancelled.
    var wait: @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) }

    /// A pool may have one mirror that lacks the list, and answers otherwise the next time.
    private static let triesMax = 3
    /// The wait before the second try, in seconds; twice as long before each further one.
    private static let waitSeconds = 0.5

    var isAddress: Bool { place.contains("://") }

    /// Without secrets.
    var shown: String { isAddress ? URLImage.withoutSecrets(place) : place }

    /// - Parameters:
    ///   - headers: given for `origin`, and sent to no other.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` if a file cannot be read; the refusal of a server.
    func read(
        headers: HTTPHeaders = [:], origin: String = ""
    ) async throws(TranshipError) -> ChecksumList {
        guard isAddress else {
            guard let data = FileManager.default.contents(atPath: place) else {
                throw TranshipError(
                    .sourceUnavailable, "cannot read the checksum file \(place)",
                    hint: "check that checksum_file is there, relative to the pipeline file")
            }
            return ChecksumList(Array(data), fileName: (place as NSString).lastPathComponent)
        }
        let isSameOrigin = URLImage.host(of: place) == origin
        let request = HTTPRequest(
            .get, place, headers: isSameOrigin ? headers : [:], followsRedirects: true)
        var waitSeconds = Self.waitSeconds
        var triesLeft = Self.triesMax
        while true {
            triesLeft -= 1
            do throws(TranshipError) {
                let response = try await client.send(request)
                guard response.status == 200 else {
                    throw response.refusal(by: "the source", asked: "GET \(shown)")
                }
                return ChecksumList(Array(response.body), fileName: URLImage.fileName(place))
            } catch {
                guard triesLeft > 0, error.isTransient || error.code == .notFound,
                    error.code != .interrupted, !Task.isCancelled
                else { throw error }
            }
            await wait(waitSeconds)
            waitSeconds *= 2
        }
    }

    /// The path of a file relative to the folder of the list, if both are at the same place; its name
    /// if not.
    func path(of file: String) -> String {
        let isFile = !file.contains("://")
        guard isFile != isAddress else {
            return isFile ? ChecksumList.path(of: file, inFolderOf: place) : relative(file)
        }
        return isFile ? (file as NSString).lastPathComponent : URLImage.fileName(file)
    }

    private func relative(_ url: String) -> String {
        guard URLImage.host(of: url) == URLImage.host(of: place) else {
            return URLImage.fileName(url)
        }
        return ChecksumList.path(of: URLImage.path(url), inFolderOf: URLImage.path(place))
    }
}
