console.log("a placeholder that is long enough to be worth compressing, compressing, compressing, compressing")
