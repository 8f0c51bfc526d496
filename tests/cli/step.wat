(module
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))

  ;; n! by recursion; how often it was called is counted
  (func $fac (export "fac") (param $n i64) (result i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i64.store (i32.const 16) (local.get $n))
    (if (result i64) (i64.eqz (local.get $n))
      (then (i64.const 1))
      (else
        (i64.mul
          (local.get $n)
          (call $fac (i64.sub (local.get $n) (i64.const 1)))))))
)
