// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Dispatch
import Synchronization

extension HTTPClient {
    /// The time that a cancelled caller waits for curl. If a name server is silent, curl waits as
    /// long as the resolver of the C library does, and the caller must not wait for that.
    private static let patience = DispatchTimeInterval.milliseconds(700)

    /// Performs a request and follows its redirects.
    func exchange(
        _ request: HTTPRequest, _ flow: Exchange.Flow, _ pool: HandlePool
    ) async throws(TranshipError) -> HTTPResponse {
        let asked = request.url
        var request = request
        var echoes = Echoes()
        for secret in configuration.secrets { echoes.add(secret) }
        for _ in 0...HTTPRequest.redirectsMax {
            echoes.add(request)
            for login in netrcLogins(request) { echoes.add(login) }
            request.echoes = echoes
            let answer =
                if let carrier {
                    try await flow.carried(request, by: carrier)
                } else {
                    try await perform(Exchange(request, configuration, flow), pool, asked)
                }
            // The page of a redirect contains the address to go to, even if the redirect is not
            // followed.
            for secret in answer.redirectURL.map(HTTPRequest.secrets) ?? [] { echoes.add(secret) }
            request.echoes = echoes
            var response = answer.response
            response.isRedirected = request.isRedirected
            response.echoes = echoes
            response.netrc = configuration.netrcFile.map(NetrcFile.init)
            response.isElsewhere = request.isElsewhere
            guard request.followsRedirects, response.isRedirect else {
                return response
            }
            request = try request.redirected(status: response.status, to: answer.redirectURL)
        }
        throw request.redirectedTooOften()
    }

    /// Returns the logins from the netrc file that curl may send.
    private func netrcLogins(_ request: HTTPRequest) -> [NetrcFile.Login] {
        guard let path = configuration.netrcFile, !request.isElsewhere,
            let host = Origin(request.url)?.host
        else { return [] }
        return NetrcFile(path: path).logins(for: host)
    }

    /// - Parameter asked: the URL before all redirects.
    private func perform(
        _ exchange: Exchange, _ pool: HandlePool, _ asked: String
    ) async throws(TranshipError) -> Exchange.Answer {
        let origin = Origin(exchange.request.url)
        let handle = try pool.take(for: origin)
        let outcome = OneShot<Exchange.Answer>()
        let result = await withTaskCancellationHandler {
            do throws(TranshipError) {
                try ThreadPool.shared.run {
                    let result = exchange.perform(on: handle)
                    // The caller may have left already, so it cannot give the handle back. After a
                    // failure, the handle has no connection to keep, and libcurl 7.88 may refuse
                    // options.
                    if case .success = result {
                        pool.give(handle, origin)
                    } else {
                        pool.forget(for: origin)
                    }
                    outcome.settle(result)
                }
            } catch {
                pool.forget(for: origin)
                outcome.settle(.failure(error))
            }
            return await outcome.result()
        } onCancel: {
            exchange.cancel()
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) {
                outcome.settle(.failure(Exchange.interrupted))
            }
        }
        let microseconds = exchange.answerMicroseconds.load(ordering: .relaxed)
        if microseconds > 0 { answerTimes.add(Double(microseconds) / 1e6, of: asked) }
        return try result.get()
    }
}

extension Exchange.Flow {
    fileprivate func carried(
        _ request: HTTPRequest, by carrier: any Carrier
    ) async throws(TranshipError) -> Exchange.Answer {
        let response =
            switch self {
            case .small: try await carrier.send(request)
            case .download(let ring, let onResponse):
                try await carrier.download(request, into: ring, onResponse: onResponse)
            case .upload(let ring, let sizeBytes):
                try await carrier.upload(request, from: ring, sizeBytes: sizeBytes)
            }
        return Exchange.Answer(response: response, redirectURL: response.headers["Location"])
    }
}
