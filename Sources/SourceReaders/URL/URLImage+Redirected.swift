// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import HTTPTransport
internal import PipelineFiles

/// Handles a stable name that redirects to a dated file: `/latest/x.img` to
/// `/20260101/x-20260101.img`. The list may know the file only by its dated name, and may be only
/// beside the dated file.
///
/// Both count only at the scheme, host and port of the URL: another server must not choose the line
/// of the publisher's list.
extension URLImage {
    /// Returns the checksum in the list for the file to which the URL redirects.
    ///
    /// - Parameter list: the list, which has no line for the URL itself; nil if it does not exist.
    /// - Returns: nil if the URL does not redirect, or if no list has that file.
    /// - Throws: a contradiction in the list, a refused signature, an interruption.
    func promise(
        behindRedirect published: PublishedList, _ list: PublishedList.Read?
    ) async throws(TranshipError) -> (Checksum, PublishedList.Read)? {
        guard source.latest == nil, let final = try await finalURL() else { return nil }
        if let list, let found = try Self.promise(of: final, in: list, at: published) {
            return found
        }
        guard let place = place(of: published, beside: final) else { return nil }
        var beside = published
        beside.place = place
        let read: PublishedList.Read
        do throws(TranshipError) {
            read = try await beside.read(headers: headers, origin: endpoint)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
        return try Self.promise(of: final, in: read, at: beside)
    }

    private static func promise(
        of url: String, in given: PublishedList.Read, at published: PublishedList
    ) throws(TranshipError) -> (Checksum, PublishedList.Read)? {
        var read = given
        // Tomorrow, the same list may be used for another file.
        read.isOfFinalURL = true
        do throws(TranshipError) {
            let checksum = try read.list.checksum(
                forPath: published.path(of: url), wholePath: path(url), shown: published.shown)
            return (checksum, read)
        } catch {
            guard error.cause is NotListed else { throw error }
            return nil
        }
    }

    /// Returns the address to which the URL redirects; nil if that is at another server, or has the
    /// same name.
    private func finalURL() async throws(TranshipError) -> String? {
        do throws(TranshipError) {
            var answer = try await client.send(request(.head))
            if !answer.isSuccess { answer = try await beginning().answer ?? answer }
            let final = answer.effectiveURL
            let isOther = Self.host(of: final) == endpoint && Self.path(final) != Self.path(url)
            return answer.isSuccess && isOther ? final : nil
        } catch {
            guard error.code != .interrupted else { throw error }
            return nil
        }
    }

    /// Returns the place of the list beside the final file, if the pipeline names the list beside
    /// the URL.
    private func place(of published: PublishedList, beside final: String) -> String? {
        guard published.isAddress, Self.host(of: published.place) == endpoint,
            let (folder, _) = Self.split(url), let (beside, name) = Self.split(published.place),
            let (finalFolder, _) = Self.split(final), beside == folder, finalFolder != folder
        else { return nil }
        return String(finalFolder + name)
    }

    /// Splits an address into the address of its folder, and the name with its query.
    private static func split(_ url: String) -> (folder: Substring, name: Substring)? {
        let plain = url.prefix { $0 != "?" && $0 != "#" }
        guard let slash = plain.lastIndex(of: "/"), path(url).contains("/") else { return nil }
        let end = url.index(after: slash)
        return (url[..<end], url[end...].prefix { $0 != "#" })
    }
}
