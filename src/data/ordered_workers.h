// Threads whose results come back in the order in which the work was given.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace albert {

/// push() work, pop() the oldest result. One thread calls push and pop. The destructor finishes only the work that has begun.
/// How much may be under way is the caller's choice: num_pending() before push().
template <typename Result>
class OrderedWorkers {
 public:
  explicit OrderedWorkers(int64_t num_threads) {
    threads_.reserve(static_cast<size_t>(num_threads));
    for (int64_t i = 0; i < num_threads; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
  }
  OrderedWorkers(const OrderedWorkers&) = delete;
  OrderedWorkers& operator=(const OrderedWorkers&) = delete;
  ~OrderedWorkers() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();  // joins
  }

  void push(std::function<Result()> task) {
    auto job = std::make_shared<Job>();
    job->task = std::move(task);
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(job);
    pending_.push_back(std::move(job));
    work_.notify_one();
  }

  /// Waits for the oldest result. An exception of the work is thrown here.
  Result pop() {
    std::unique_lock lock(mutex_);
    const std::shared_ptr<Job> job = pending_.front();
    done_.wait(lock, [&] { return job->is_done; });
    pending_.pop_front();
    lock.unlock();
    if (job->error) std::rethrow_exception(job->error);
    return std::move(*job->result);
  }

  [[nodiscard]] size_t num_pending() const { return pending_.size(); }

 private:
  struct Job {
    std::function<Result()> task;
    std::optional<Result> result;
    std::exception_ptr error;
    bool is_done = false;
  };

  void work(const std::stop_token& stop) {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (!work_.wait(lock, stop, [this] { return !waiting_.empty(); }) || stop.stop_requested()) return;
      const std::shared_ptr<Job> job = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      try {
        job->result.emplace(job->task());
      } catch (...) {
        job->error = std::current_exception();
      }
      job->task = nullptr;
      lock.lock();
      job->is_done = true;
      done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable done_;
  std::deque<std::shared_ptr<Job>> waiting_;  // not begun
  std::deque<std::shared_ptr<Job>> pending_;  // not popped; touched by the owner, and never by a worker
  std::vector<std::jthread> threads_;         // last: joined before the rest is destroyed
};

}  // namespace albert
